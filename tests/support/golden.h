// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace eventops::test {

// A golden case is a folder, tests/golden/<component>/<case>/:
//
//     pipeline.yaml           the pipeline; files in it are looked for here, then in pipelines/
//     input.<format>          what it reads; input-2.<format> and so on are merged with it by event time. The format
//                             is the name's end (ndjson, json, karma.v1, …); "log" leaves it to the pipeline
//     expected/<what>.ndjson  events, alerts, findings, entities, links, suggestions, deadletters, raw, and
//     expected/counts.json    the counters: those that are there are compared byte for byte
//
// It is run with one and four workers, with whole and tiny chunks, and with a break in the middle; all runs must agree
// in everything. EVENTOPS_UPDATE_GOLDEN=1 in the environment writes what came out: everything for a case without
// expected/, else the files that are there.

struct GoldenCase {
    std::string name;   ///< "rules/l10".
    std::string folder;
};

/// All cases below tests/golden, sorted by name.
std::vector<GoldenCase> goldenCases();

/// Runs the case. Empty: as expected; else what is not, with a diff.
std::string checkGolden(const GoldenCase &golden);

} // namespace eventops::test
