"""Evaluates the images of images.txt, which lists a PATH a line, on Dask.

usage: dask_recipe.py [--scheduler ADDRESS] [flags of flbench merge]
"""

import subprocess
import sys

from dask.distributed import Client


def evaluate(paths):
  command = ['flbench', 'eval', '--workers', '1', '--partial', '-', '--from', '-']
  done = subprocess.run(command, input=b'\n'.join(paths) + b'\n', capture_output=True)
  if done.returncode:
    raise RuntimeError(done.stderr.decode(errors='replace'))
  return done.stdout


if __name__ == '__main__':
  flags = sys.argv[1:]
  where = {'n_workers': 2, 'threads_per_worker': 1}  # two processes here
  if flags[:1] == ['--scheduler']:
    where, flags = {'address': flags[1]}, flags[2:]
  with open('images.txt', 'rb') as file:
    paths = file.read().splitlines()
  tasks = [paths[i:i + 4] for i in range(0, len(paths), 4)]
  with Client(**where) as client:
    parts = client.gather(client.map(evaluate, tasks, pure=False))
  merge = ['flbench', 'merge', *flags, '--expect', str(len(paths)), '-']
  sys.exit(subprocess.run(merge, input=b''.join(parts)).returncode)
