// SPDX-License-Identifier: MIT
//
// Writes and reads a topic with kafkajs: a program of others on the bus.
//
// usage: node node_bus.js write BROKER TOPIC     lines of its input, keyed by their `host`, packed with gzip
//        node node_bus.js read BROKER TOPIC      up to the end of every partition, a JSON object for each message
'use strict';
const readline = require('readline');
const { CompressionTypes, Kafka, logLevel } = require('kafkajs');

const [what, broker, topic] = process.argv.slice(2);
const kafka = new Kafka({ clientId: 'others', brokers: [broker], logLevel: logLevel.ERROR });
const BatchMax = 500;

async function write() {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 }); // or what it repeats is there twice
    await producer.connect();
    let messages = [];
    const send = async () => {
        await producer.send({ topic, messages, compression: CompressionTypes.GZIP, acks: -1 });
        messages = [];
    };
    for await (const line of readline.createInterface({ input: process.stdin })) {
        messages.push({ key: JSON.parse(line).host, value: line, headers: { origin: 'kafkajs' } });
        if (messages.length === BatchMax)
            await send();
    }
    if (messages.length)
        await send();
    await producer.disconnect();
}

async function read() {
    const admin = kafka.admin();
    await admin.connect();
    const left = new Map();
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        if (high !== low)
            left.set(partition, BigInt(high));
    await admin.disconnect();
    const consumer = kafka.consumer({ groupId: 'readers-' + process.pid });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const atEnd = new Promise((resolve) => {
        if (left.size === 0)
            resolve();
        consumer.run({ eachMessage: async ({ partition, message }) => {
            const headers = {};
            for (const [name, value] of Object.entries(message.headers))
                headers[name] = value.toString();
            process.stdout.write(JSON.stringify({ partition, headers, key: message.key && message.key.toString(),
                                                  value: message.value && message.value.toString() }) + '\n');
            if (BigInt(message.offset) + 1n >= left.get(partition))
                left.delete(partition);
            if (left.size === 0)
                resolve();
        } });
    });
    await atEnd;
    await consumer.disconnect();
}

(what === 'write' ? write() : read()).catch((error) => {
    console.error(error);
    process.exit(1);
});
