// SPDX-License-Identifier: MIT
#pragma once

#include "app/console/options.h"
#include "core/session/local_backend.h"
#include "core/viewmodel/view_context.h"

#include <QTemporaryDir>

#include <memory>

namespace eventops::test {

/// With EVENTOPS_TEST_BACKEND=remote the tests of this folder look at their back ends over a WebSocket: each is served
/// on a port of its own and attached. Not so: TestConsole and TestPlaybackWindow, whose subject is a workspace of this
/// machine; the welcome page of TestLayout, which an attached window has not; TestSamePicture (all views were the
/// same but for the ledger's size in health); TestExportDialog and one function each
/// of TestMainWindow and TestInspector, which read what a fake noted in the moment after asking.
bool overTheWire();

/// What a view is to look at: @p backend itself, or the same from elsewhere, as @p caller.
std::unique_ptr<Backend> chosenBackend(std::unique_ptr<Backend> backend, const Caller &caller);
/// A context on it.
inline std::unique_ptr<ViewContext> chosenContext(std::unique_ptr<Backend> backend, const Caller &caller)
{
    return std::make_unique<ViewContext>(chosenBackend(std::move(backend), caller), caller);
}

/// A workspace that is read, or a demo that is played, as @p options say, by an engine that a window attaches.
class ServedEngine
{
public:
    /// @p playback: by whose clock; null: as fast as it goes.
    explicit ServedEngine(const console::Options &options, std::shared_ptr<Playback> playback = {});
    ~ServedEngine();
    console::Options attachOptions() const; ///< What to tell the window instead.
    console::Options topicsOptions();       ///< The same for a window that sees topics alone; once everything was read.
    bool isDone() const;                    ///< Everything was read.
    WorkspaceSummary summary() const;
    LocalBackend &backend();
    void stop();        ///< Nobody listens any more.
    bool listenAgain(); ///< On the same port.

private:
    struct Parts;
    const std::unique_ptr<Parts> m_parts;
};

} // namespace eventops::test
