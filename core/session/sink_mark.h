// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"
#include "core/session/workspace.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eventops {

/// An event that a sink's peer did not take, however often it was offered. It stands in the ledger.
struct SinkLetter {
    std::uint64_t place = 0; ///< In the ledger, see Ledger::eventsAt.
    std::string key, why;
};

/// How far one sink got: `sink-NAME.mark` of the workspace.
struct SinkMark {
    static constexpr std::size_t LettersMax = 1'000;

    std::string target;          ///< Sink::target; another one begins anew.
    std::uint64_t place = 0;     ///< Events of the ledger that are there, or not for this sink, or set aside.
    std::uint64_t delivered = 0; ///< Events that the peer took.
    std::uint64_t dropped = 0;   ///< Events that retention had dropped before they could go out.
    Seq links = 0;               ///< All links that were first seen up to this record are there.
    std::string trouble;         ///< Why the next ones are not there yet; empty: all is well.
    WallNs since = NoTime;       ///< Of the trouble.
    std::uint32_t attempts = 0;  ///< That failed one after the other.
    std::vector<SinkLetter> letters;

    /// NotFound, Corrupt.
    static Result<SinkMark> read(const std::string &path);
    Status write(const std::string &path) const;
    static std::string file(const Workspace &workspace, const std::string &sink)
    {
        return workspace.directory + "/sink-" + sink + ".mark";
    }
};

/// A configured sink's name: unique in its pipeline.
std::string sinkName(const Configured<SinkSpec> &sink);

/// The sinks of the pipeline that the workspace ran last; none where nothing ran yet.
Result<std::vector<Configured<SinkSpec>>> workspaceSinks(const Workspace &workspace, const Registry &registry,
                                                         const std::string &dataDirectory);

/// What of the sinks does not go as it should, one sentence each with the remedy; empty: all is well. Reads files
/// alone. @p events: stored by now.
std::vector<std::string> sinkTroubles(const Workspace &workspace, const std::vector<Configured<SinkSpec>> &sinks,
                                      std::uint64_t events);

} // namespace eventops
