// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"

#include <string>

namespace eventops {

// A golden case is a folder:
//
//     pipeline.yaml           the pipeline; files in it are looked for here, then in the data directory
//     input.<format>          what it reads; input-2.<format> and so on are merged with it by event time. The format
//                             is the end of the name (ndjson, json, or that of a wire format); "log" leaves it to the
//                             pipeline
//     expected/<what>.ndjson  events, alerts, findings, entities, links, suggestions, deadletters, raw, and
//     expected/counts.json    the counters: those that are there are compared byte for byte
//
// It is run with one and four workers, with whole and tiny chunks, and with a break in the middle; all runs must agree
// in everything. `eventops test` runs such folders, `eventops promote` makes them of findings.

/// Runs the case in @p folder. Empty: as expected; else what is not, with a diff. @p update: writes what came out
/// instead of comparing, everything for a case without expected/, else the files that are there.
/// Thread: any. Memory: that of the case's whole input and output.
std::string checkGolden(const std::string &folder, const Registry &registry, const std::string &dataDirectory,
                        bool update = false);

} // namespace eventops
