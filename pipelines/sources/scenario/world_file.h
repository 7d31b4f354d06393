// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "pipelines/sources/scenario/world.h"

#include <cstddef>
#include <string>
#include <vector>

namespace eventops::scenario {

/// A remedy and the virtual time at which it took hold.
struct Applied {
    Remedy remedy;
    std::int64_t atNs = 0;
};

/// What is done to a world, as lines of JSON that executors append:
///     {"command":"restart_service","args":{},"entity_type":"Host","entity_id":"host:checkout-2"}
/// The world notes beside each when it took hold, by the place of the command among the commands of the file:
///     {"applied":0,"at_ms":4080000}
/// so that the same world can be played again, after an interruption or later, to the same bytes.
/// Lines that are no such thing are passed over: the file is untrusted. Thread: one.
class WorldFile
{
public:
    static constexpr std::size_t BytesMax = 16u << 20; ///< What lies beyond is not read.
    static constexpr std::size_t CommandsMax = 10'000;

    WorldFile() = default;
    explicit WorldFile(std::string path) : m_path(std::move(path)) {}

    /// Reads what is new. A file that is not there is empty. Io.
    Status look();
    /// What has taken hold, in the order of time.
    std::vector<Applied> applied() const;
    /// Takes the next command that has not taken hold, and notes that it does so at @p atNs. False: there is none.
    Result<bool> take(std::int64_t atNs, Remedy &remedy);

private:
    struct Command {
        Remedy remedy;
        std::int64_t atNs = -1; ///< −1: waits.
    };
    void readLine(std::string_view line);

    std::string m_path;
    std::size_t m_read = 0;   ///< Bytes of the file.
    std::string m_rest;       ///< The beginning of a line whose end is not there yet.
    std::vector<Command> m_commands;
    std::size_t m_next = 0;   ///< Commands before it have taken hold.
};

} // namespace eventops::scenario
