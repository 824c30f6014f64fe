"""Runs apache-beam's portable job service with more than one worker.

usage: jobservice.py WORKERS [flags of apache_beam.runners.portability.local_job_service_main]

The service's own command has one worker whatever the pipeline's options say: it hands
pipelines to FnApiRunner.run_via_runner_api, which does not look at direct_num_workers.
"""

import logging
import sys

from apache_beam.runners.portability import local_job_service_main
from apache_beam.runners.portability.fn_api_runner import fn_runner

WORKERS = int(sys.argv[1])


class Runner(fn_runner.FnApiRunner):
  def __init__(self, *args, **kwargs):
    super().__init__(*args, **kwargs)
    self._num_workers = WORKERS  # as run_pipeline does it


fn_runner.FnApiRunner = Runner

if __name__ == '__main__':
  logging.basicConfig()
  logging.getLogger().setLevel(logging.INFO)
  local_job_service_main.run(sys.argv[2:])
