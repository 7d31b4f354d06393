// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/runner.h"
#include "core/session/workspace.h"
#include "core/store/ledger.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventops {

/// The engine of one workspace: holds its lock, its writing ledger and a runner brought up to where the ledger stands.
/// Thread: one.
class Engine
{
public:
    struct Options {
        unsigned workers = 1;
        const std::atomic<bool> *stop = nullptr;
        std::function<void(const RunProgress &)> progress;
        std::function<void()> committed;          ///< See RunnerOptions.
        std::chrono::milliseconds holdBackMax{0}; ///< See RunnerOptions.
        Playback *playback = nullptr;             ///< Likewise.
    };
    /// Busy when another engine works on the workspace. A damaged ledger is set aside and a new one begun; `progress`
    /// hears of it as trouble. Rebuilds the stages' state from the newest checkpoint and the
    /// stored events after it; remembers the pipeline in the workspace. @p spec must outlive the engine.
    static Result<std::unique_ptr<Engine>> start(const Workspace &workspace, const PipelineSpec &spec, Options options);
    ~Engine();

    /// Reads @p sources to their end. A capture that was read before goes on at its cursor; a finished one is read
    /// again and counts as duplicates; one whose beginning equals another's but whose bytes differ is a capture of its
    /// own.
    /// @p live: also takes in what comes into the input log meanwhile, in order of arrival.
    /// What events are kept as is what the pipeline says of its sources, else what each source says.
    Status read(std::vector<std::unique_ptr<Source>> sources, bool live = false);

    /// Takes in what other processes put into the input log: decisions are noted, action events become events.
    Status takeInput();

    Ledger &ledger() { return *m_ledger; }

private:
    Engine(FileLock lock, std::string directory, const PipelineSpec &spec)
        : m_lock(std::move(lock)), m_directory(std::move(directory)), m_spec(spec)
    {
    }
    Result<RunnerSource> inputLog(std::unique_ptr<Source> source);

    FileLock m_lock;
    const std::string m_directory;
    const PipelineSpec &m_spec;
    std::unique_ptr<Ledger> m_ledger;
    std::unique_ptr<PipelineRunner> m_runner;
};

} // namespace eventops
