#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ranks the causes of all issues below ROOT/dataset/SCENARIO and writes scenario,split,issue,rank,node as CSV.
Usage: root_causes.py EVENTOPS ROOT > ranks.csv

A scenario holds graph.csv, noissue/metrics.csv and SPLIT/ISSUE/{metrics.csv,target.json}."""
import csv
import json
import pathlib
import subprocess
import sys

program, root = sys.argv[1], pathlib.Path(sys.argv[2])
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["scenario", "split", "issue", "rank", "node"])
for truth in sorted(root.glob("dataset/*/*/*/target.json")):
    issue = truth.parent
    scenario = issue.parent.parent
    target = json.loads(truth.read_text())["target"]["node"]
    ranks = subprocess.run(
        [program, "entropy", "rank-causes", "--graph", scenario / "graph.csv", "--normal",
         scenario / "noissue" / "metrics.csv", "--issue", issue / "metrics.csv", "--target", target],
        check=True, capture_output=True, text=True).stdout
    for row in csv.DictReader(ranks.splitlines()):
        out.writerow([scenario.name, issue.parent.name, issue.name, row["rank"], row["node"]])
