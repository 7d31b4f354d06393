// SPDX-License-Identifier: MIT
//
// A viewer of alerts that knows nothing of this project but its manual: EventSource over /alerts/stream.
//
// usage: node node_alerts.js URL TOKEN [cookie]
//
// With `cookie` it signs in as a browser does, and shows the cookie in place of the token; when that is good for nothing
// any more it signs in again and goes on. Prints a JSON object a line: {"open": true}, {"alert": ID, "data": {…}},
// {"wrong": STATUS or null}. A line on its standard input cuts the connection; its end ends it.
'use strict';
const http = require('http');
const net = require('net');
const readline = require('readline');
const EventSource = require('eventsource');

const [url, token, how] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
let socket = null;
let last = '';

function createConnection(options) {
    socket = net.connect(options.port, options.hostname); // the whole options name a path: of the request
    return socket;
}

function signIn() {
    return new Promise((resolve, reject) => {
        const request = http.request(url + '/api/v1/session',
                                     { method: 'POST', headers: { Authorization: 'Bearer ' + token } },
                                     (response) => {
                                         response.resume();
                                         resolve(response.headers['set-cookie'][0].split(';')[0]);
                                     });
        request.on('error', reject);
        request.end();
    });
}

async function look() {
    const headers = how === 'cookie' ? { Cookie: await signIn() } : { Authorization: 'Bearer ' + token };
    if (last)
        headers['Last-Event-ID'] = last; // of a new stream; one that is cut sends it by itself
    const stream = new EventSource(url + '/alerts/stream', { headers, createConnection });
    stream.reconnectInterval = 100;
    stream.onopen = () => say({ open: true });
    stream.onerror = (error) => {
        say({ wrong: error.status ?? null });
        if (error.status === 401 && how === 'cookie')
            look();
    };
    stream.onmessage = (message) => {
        last = message.lastEventId;
        say({ alert: last, data: JSON.parse(message.data) });
    };
}

const input = readline.createInterface({ input: process.stdin });
input.on('line', () => socket.destroy());
input.on('close', () => process.exit(0));
look();
