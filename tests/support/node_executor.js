// SPDX-License-Identifier: MIT
//
// An executor that knows nothing of this project but its manual: a member of a consumer group, with kafkajs, that takes
// requests of actions and reports on them, some of it twice or too late.
//
// usage: node node_executor.js BROKER
//
// Prints {"ready": true} when partitions are assigned, then {"did": ACTION, "command": …} for each. Ends with its input.
'use strict';
const { Kafka, logLevel } = require('kafkajs');

const kafka = new Kafka({ clientId: 'executor', brokers: [process.argv[2]], logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: 'executors', sessionTimeout: 10000, rebalanceTimeout: 5000 });
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

async function carryOut({ message }) {
    const request = JSON.parse(message.value.toString());
    const report = (topic, eventType, attrs) => producer.send({
        topic,
        messages: [{
            key: message.key,
            value: JSON.stringify({ event_type: eventType, ts: request.ts, entity_id: request.entity_id,
                                    idempotency_key: request.idempotency_key, tags: request.tags,
                                    attrs: { ...attrs, action_id: request.attrs.action_id } }),
            headers: { executor: 'node' },
        }],
    });
    await report('actions.progress', 'action.progress', { state: 'accepted' });
    await report('actions.progress', 'action.progress', { percent: 50 });
    await report('actions.progress', 'action.progress', { percent: 50 });
    const result = { state: 'succeeded', duration_ms: 12, output: 'did ' + request.attrs.command };
    await report('actions.result', 'action.result', result);
    await report('actions.result', 'action.result', result);
    await report('actions.result', 'action.failed', { error: 'said too late' });
    await report('actions.progress', 'action.progress', { percent: 99 });
    say({ did: request.attrs.action_id, command: request.attrs.command });
}

async function work() {
    await producer.connect();
    await consumer.connect();
    await consumer.subscribe({ topic: 'actions.requested', fromBeginning: true });
    consumer.on(consumer.events.GROUP_JOIN, () => say({ ready: true }));
    await consumer.run({ eachMessage: carryOut });
}

process.stdin.resume().on('end', async () => {
    await consumer.disconnect();
    await producer.disconnect();
    process.exit(0);
});
work().catch((error) => {
    console.error(error);
    process.exit(1);
});
