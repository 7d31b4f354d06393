// SPDX-License-Identifier: MIT
//
// bench_transform [EVENTS] [WORKERS]: events a second through a script in Python, in its sandboxed worker processes,
// beside the same script in a loop of its own in one Python process, which reads nothing and answers nobody. Outputs
// are compared before a time counts. And events a second and core by the rules of a JSONTransformer that say the same.
#include "tests/bench/measure.h"

#include "core/codec/transform_mapping.h"
#include "core/script/script_pool.h"

#include <chrono>
#include <fstream>
#include <unistd.h>

namespace {

using namespace eventops;
using namespace eventops::bench;

constexpr const char *Script = R"(import json
from src.dto.schema import RawEvent
from src.dto.schema.base_transformers import TransformerOutput
from src.transformers.base_python_transformer import BasePythonTransformer


class ComputeEvents(BasePythonTransformer):
    async def transform(self, event_data: RawEvent) -> TransformerOutput:
        raw = json.loads(event_data.EventData)
        return TransformerOutput(
            processed_events=[{'EventType': raw['event_type'], 'EntityID': raw['cluster_id'], 'EventData': raw,
                               'Severity': 'INFO', 'Message': raw['message']}],
            entities=[{'EntityID': raw['cluster_id'], 'EntityType': 'Cluster'}],
            links=[{'SourceEntityID': raw['cluster_id'], 'DestinationEntityID': raw['cluster_name']}])
)";

// The transformer and its JSON at both ends, as anybody would call it in a loop.
constexpr const char *Loop = R"(import json, sys, time
count = int(sys.argv[1])
body = ('{"cluster_id":"cluster-%d","cluster_name":"prod","event_type":"CLUSTER_CREATED",'
        '"message":"Cluster %d created"}')
bodies = [(body % (i % 1000, i)).encode() for i in range(count)]
def transform(data):
    raw = json.loads(data)
    return {'processed_events': [{'EventType': raw['event_type'], 'EntityID': raw['cluster_id'], 'EventData': raw,
                                  'Severity': 'INFO', 'Message': raw['message']}],
            'entities': [{'EntityID': raw['cluster_id'], 'EntityType': 'Cluster'}],
            'links': [{'SourceEntityID': raw['cluster_id'], 'DestinationEntityID': raw['cluster_name']}]}
begin = time.perf_counter()
size = 0
for body in bodies:
    size += len(json.dumps(transform(body), separators=(',', ':')))
print(time.perf_counter() - begin, size)
)";

constexpr const char *Rules = R"({"MatchingEntity": "key", "MatchingPath": "event_type", "EntityPath": "cluster_id",
 "EntityType": "Cluster", "EventType": "{event_type}", "Severity": "INFO", "Message": "{message}",
 "EventMappings": [{"from": "cluster_id", "to": "cluster_id"}, {"from": "cluster_name", "to": "cluster_name"}],
 "Relations": [{"from": "cluster_id", "to": "cluster_name", "fromType": "Cluster", "toType": "Name"}]})";

/// Events a CPU-second, on one core. Every output is looked at.
double rateOfRules(const std::vector<std::string> &bodies)
{
    const TransformMapping rules = need(TransformMapping::fromRules(Rules));
    const double begin = cpuSeconds();
    for (const std::string &body : bodies) {
        const TransformerOutput output = need(rules.apply(body));
        if (output.events.size() != 1 || output.events.front().type != "CLUSTER_CREATED" || output.links.size() != 1)
            die("the rules made something else of " + body);
    }
    return static_cast<double>(bodies.size()) / (cpuSeconds() - begin);
}

double seconds(std::chrono::steady_clock::time_point since)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

} // namespace

int main(int argc, char **argv)
{
    const int count = argc > 1 ? std::atoi(argv[1]) : 100'000;
    const unsigned workers = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 2;
    char folder[] = "/tmp/bench_transform.XXXXXX";
    if (mkdtemp(folder) == nullptr)
        die("no folder for the script");
    ScriptSpec spec;
    spec.path = std::string(folder) + "/compute.py";
    std::ofstream(spec.path) << Script;

    std::vector<std::string> bodies;
    for (int i = 0; i < count; ++i)
        bodies.push_back("{\"cluster_id\":\"cluster-" + std::to_string(i % 1000)
                         + "\",\"cluster_name\":\"prod\",\"event_type\":\"CLUSTER_CREATED\",\"message\":\"Cluster "
                         + std::to_string(i) + " created\"}");
    std::vector<ScriptInput> inputs;
    for (const std::string &body : bodies)
        inputs.push_back({static_cast<std::int64_t>(inputs.size()), body, "compute-service", "application/json", ""});

    ScriptPool pool(spec, workers);
    (void)pool.transform(std::span(inputs).first(std::min<std::size_t>(inputs.size(), 1'024))); // they are started
    const auto begin = std::chrono::steady_clock::now();
    std::size_t bytes = 0;
    // As a consumer hands them on: a thousand at a time.
    for (std::size_t at = 0; at < inputs.size(); at += 1'024) {
        for (const ScriptOutput &output :
             pool.transform(std::span(inputs).subspan(at, std::min<std::size_t>(1'024, inputs.size() - at)))) {
            if (output.what != ScriptOutput::What::Output)
                die(output.text);
            bytes += output.text.size();
        }
    }
    const double rate = count / seconds(begin);

    const std::string command = pythonPath() + " -c '" + [] {
        std::string text = Loop;
        for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
            text.replace(at, 1, "'\\''");
        return text;
    }() + "' " + std::to_string(count);
    FILE *peer = popen(command.c_str(), "r");
    double peerSeconds = 0;
    unsigned long peerBytes = 0;
    if (peer == nullptr || std::fscanf(peer, "%lf %lu", &peerSeconds, &peerBytes) != 2)
        die("the loop in Python did not answer");
    pclose(peer);
    unlink(spec.path.c_str());
    rmdir(folder);
    if (peerBytes != bytes)
        die("outputs differ: " + std::to_string(bytes) + " and " + std::to_string(peerBytes) + " bytes");

    std::printf("PythonTransformer, %u workers (%s), %d events\n", workers,
                std::string(toString(pool.isolation())).c_str(), count);
    const bool met = verdict("thousand events a second", rate / 1e3, 20, true);
    verdict("of one bare Python loop", rate / (count / peerSeconds), 0.3, true);
    std::printf("JSONTransformer, one core\n");
    const bool rules = verdict("thousand events a second", rateOfRules(bodies) / 1e3, 300, true);
    return met && rules ? 0 : 1;
}
