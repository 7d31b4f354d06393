// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/script/sandboxed_process.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A transformer written in Python: a class with `async def transform(self, event_data)`, contract C12.
/// See resources/docs/transformers.md.
struct ScriptSpec {
    std::string path;                          ///< Of the file, absolute.
    std::string className;                     ///< Empty: the one class in it that is a transformer.
    std::string folder;                        ///< Where its imports are looked for; empty: the file's own folder.
    std::chrono::milliseconds perEvent{1'000}; ///< That it may take for one event.
    std::uint64_t memoryBytes = 512ull << 20;  ///< Address space of a worker.
    bool namespaces = true;                    ///< Where bubblewrap can make them; false: the filter alone.
    std::string python;                        ///< The interpreter; empty: pythonPath().
};

/// The interpreter that scripts run in: $EVENTOPS_PYTHON, else the system's. Empty: none. Thread: any.
std::string pythonPath();

/// What a script is given. Views live while transform() runs.
struct ScriptInput {
    std::int64_t id = 0;   ///< RawEventID.
    std::string_view body; ///< Any bytes.
    std::string_view source;
    std::string_view contentType;
    std::string_view time; ///< As text; empty: none.
};

struct ScriptOutput {
    enum class What : std::uint8_t {
        Output, ///< `text` is {"processed_events":[…],"entities":[…],"links":[…]}, members checked, texts as texts.
        NotApplicable, ///< The script does not want this event, or made nothing of it.
        Failed,        ///< `text` says why: what was raised and in which line, or how the process ended.
        TimedOut,
        Unavailable, ///< No process to ask: no Python, or the script cannot be loaded.
    };
    What what = What::Unavailable;
    std::string text;
    bool operator==(const ScriptOutput &) const = default;
};

struct ScriptCounters {
    std::uint64_t events = 0;
    std::uint64_t notApplicable = 0;
    std::uint64_t failed = 0; ///< Time-outs and events without a process included.
    std::uint64_t timedOut = 0;
    std::uint64_t restarts = 0; ///< Processes that ended before their time.
};

/// One process with one script. It is started at the first events, and again when it ended: of time that ran out, of
/// memory, by the script's own doing. Only the event at which that happened fails; the others are asked again of the
/// next process. Protocol: see worker.py.
/// Thread: one at a time.
class ScriptWorker
{
public:
    static constexpr std::size_t BatchMax = 256;             ///< Events that are under way at once.
    static constexpr std::size_t AnswerBytesMax = 16u << 20; ///< Of one event.

    explicit ScriptWorker(ScriptSpec spec);
    ~ScriptWorker();

    /// One output for each input, in order. O(bytes), and what the script takes.
    std::vector<ScriptOutput> transform(std::span<const ScriptInput> inputs);

    /// What is under way, and all that comes, gets no answers that count, soon. Thread: any.
    void cancel() { m_cancelled = true; }

    const ScriptCounters &counters() const { return m_counters; }
    Isolation isolation() const { return m_isolation; } ///< Known once it was started.

private:
    class Exchange;
    Status start();
    void ask(std::span<const ScriptInput> inputs, std::span<std::optional<ScriptOutput>> outputs);
    void end(std::string *how = nullptr);

    const ScriptSpec m_spec;
    std::unique_ptr<SandboxedProcess> m_process;
    Isolation m_isolation = Isolation::Filter;
    std::atomic<bool> m_cancelled{false};
    int m_sharedFile = -1;
    volatile std::uint64_t *m_progress =
        nullptr; ///< Events done of those that were asked for last; the process writes.
    ScriptCounters m_counters;
};

} // namespace eventops
