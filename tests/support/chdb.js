// SPDX-License-Identifier: MIT
//
// Runs SQL on chdb, a current ClickHouse as a library: `node chdb.js FOLDER` with FOLDER/node_modules/chdb.
// In: a JSON array of statements. Out: a JSON array of answers; an exception is {"error": "…"}.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { Session } = require(path.join(process.argv[2], 'node_modules', 'chdb'));

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'chdb-'));
const session = new Session(folder);
const answers = JSON.parse(fs.readFileSync(0, 'utf8')).map((sql) => {
    try {
        return String(session.query(sql));
    } catch (error) {
        return { error: String(error) };
    }
});
fs.writeSync(1, JSON.stringify(answers));
session.cleanup();
fs.rmSync(folder, { recursive: true, force: true });
process.exit(0);
