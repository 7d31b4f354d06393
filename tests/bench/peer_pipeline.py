#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The job as a careful Python programmer does it in one process: parse, normalise, threshold rules, SQLite in
transactions of 10,000 rows. Usage: peer_pipeline.py CAPTURE DATABASE"""
import json
import os
import sqlite3
import sys

THRESHOLDS = {"cpu_load": (80.0, 90.0), "mem_used": (85.0, 95.0), "iowait": (20.0, 40.0), "disk_used": (85.0, 95.0)}
capture, path = sys.argv[1:3]
if os.path.exists(path):
    os.unlink(path)
base = sqlite3.connect(path, isolation_level=None)
base.executescript(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "CREATE TABLE metrics(ts TEXT, tenant TEXT, source_id TEXT, metric TEXT, value REAL, unit TEXT, tags TEXT);"
    "CREATE INDEX by_metric ON metrics(tenant, metric, ts); CREATE INDEX by_source ON metrics(source_id, ts);"
    "CREATE TABLE alerts(ts TEXT, tenant TEXT, source_id TEXT, metric TEXT, severity TEXT, value REAL, message TEXT);")
rows, alerts, good, bad = [], [], 0, 0


def store():
    base.execute("BEGIN")
    base.executemany("INSERT INTO metrics VALUES(?,?,?,?,?,?,?)", rows)
    base.executemany("INSERT INTO alerts VALUES(?,?,?,?,?,?,?)", alerts)
    base.execute("COMMIT")
    rows.clear()
    alerts.clear()


with open(capture, "rb") as lines:
    for line in lines:
        try:
            raw = json.loads(line)
            host = (raw.get("host") or raw["source_id"]).lower()
            value = float(raw["value"])
            row = (str(raw["ts_event"]), raw["tenant_id"].strip(), host, raw["metric"], value,
                   raw.get("unit", "").lower(), json.dumps(raw.get("tags") or {}))
        except Exception:
            bad += 1
            continue
        good += 1
        rows.append(row)
        limits = THRESHOLDS.get(row[3])
        if limits and value >= limits[0]:
            severity = "critical" if value >= limits[1] else "warning"
            alerts.append((*row[:4], severity, value, f"{row[3]}={value} exceeds {severity} threshold"))
        if len(rows) == 10_000:
            store()
store()
print(good, "events,", bad, "refused")
