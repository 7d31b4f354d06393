// SPDX-License-Identifier: MIT
#pragma once

#include "core/actions/executor.h"
#include "core/pipeline/settings.h"
#include "core/session/action_flow.h"
#include "core/session/local_backend.h"
#include "pipelines/components.h"

#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>

#include <future>

namespace eventops::test {

/// A real workspace in a temporary directory, with the demo executor beside it.
class LocalWorkspace
{
public:
    std::string directory() const { return m_directory.filePath(QStringLiteral("workspace")).toStdString(); }

    std::unique_ptr<LocalBackend> backend() const
    {
        LocalBackendOptions options;
        options.registry = {builtinStages(), builtinSources(), builtinSinks()};
        options.dataDirectory = EVENTOPS_SOURCE_DIR "/pipelines";
        options.startExecutor = [directory = directory()] { return execute(directory); };
        return std::make_unique<LocalBackend>(Workspace{directory()}, std::move(options));
    }

    /// Reads @p capture (a file below resources/captures) with a shipped pipeline; empty: all went well.
    static std::string replay(Backend &backend, const std::string &capture, const std::string &pipeline = "default")
    {
        ReplayRequest request;
        request.files = {EVENTOPS_SOURCE_DIR "/resources/captures/" + capture};
        request.pipelineName = EVENTOPS_SOURCE_DIR "/pipelines/definitions/" + pipeline + ".yaml";
        QFile file(QString::fromStdString(request.pipelineName));
        if (!file.open(QIODevice::ReadOnly))
            return "no pipeline";
        request.pipelineText = file.readAll().toStdString();
        std::promise<std::string> promise;
        backend.replay({"tester", Role::Admin, {}}, request, {}, [&](const Result<WorkspaceSummary> &summary) {
            promise.set_value(summary ? std::string() : summary.error().text());
        });
        return promise.get_future().get();
    }

private:
    static Result<std::string> execute(const std::string &directory)
    {
        const auto ledger = EVENTOPS_TRY(Ledger::open(directory, LedgerMode::Decide, {}));
        std::vector<std::unique_ptr<Executor>> executors;
        for (const ExecutorSpec *spec : builtinExecutors()) {
            if (spec->name == "demo")
                executors.push_back(EVENTOPS_TRY(spec->make(Value())));
        }
        ExecutorRole role(*ledger, std::move(executors));
        while (EVENTOPS_TRY(role.pending()))
            EVENTOPS_TRY(role.runDue());
        return std::string();
    }

    QTemporaryDir m_directory;
};

} // namespace eventops::test
