"""Evaluates the images of images.txt, which lists a PATH a line, on Spark.

usage: spark-submit --master MASTER spark_recipe.py [flags of flbench merge]
"""

import os
import subprocess
import sys

from pyspark.sql import SparkSession

COMMAND = 'flbench eval --workers 1 --partial - --from -'

if __name__ == '__main__':
  with open('images.txt') as file:
    paths = file.read().splitlines()
  spark = SparkSession.builder.appName('flbench').getOrCreate()
  tasks = spark.sparkContext.parallelize(paths, (len(paths) + 3) // 4)
  # pipe gives COMMAND no environment, and says nothing of its failures, unless told to.
  parts = tasks.pipe(COMMAND, env={'PATH': os.environ['PATH']}, checkCode=True).collect()
  spark.stop()
  merge = ['flbench', 'merge', *sys.argv[1:], '--expect', str(len(paths)), '-']
  text = ''.join(part + '\n' for part in parts)
  sys.exit(subprocess.run(merge, input=text.encode()).returncode)
