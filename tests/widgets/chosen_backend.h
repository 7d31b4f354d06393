// SPDX-License-Identifier: MIT
#pragma once

#include "app/console/options.h"
#include "core/session/local_backend.h"
#include "core/viewmodel/view_context.h"

#include <QTemporaryDir>

#include <memory>

namespace eventops::test {

/// What the tests of this folder look at, as EVENTOPS_TEST_BACKEND says. What cannot hold over one of them is in
/// exceptions.tsv, and nowhere else.
enum class BackEndKind {
    Local,   ///< An engine in this process; the default.
    Remote,  ///< "remote": each back end is served on a port of its own, and attached over a WebSocket.
    Kafka,   ///< "kafka": windows are attached to the topics of an Apache Kafka, to which their engine publishes.
    Capture, ///< "capture": what an engine took in is exported to a capture, and that is opened in a workspace.
};
BackEndKind chosenKind();
const char *nameOf(BackEndKind kind); ///< As in the variable; "local".

/// What a view is to look at: @p backend itself, or the same from elsewhere, as @p caller. Over topics and captures
/// that can be a QuietBackend alone: no events are in them.
std::unique_ptr<Backend> chosenBackend(std::unique_ptr<Backend> backend, const Caller &caller);
/// A context on it.
inline std::unique_ptr<ViewContext> chosenContext(std::unique_ptr<Backend> backend, const Caller &caller)
{
    return std::make_unique<ViewContext>(chosenBackend(std::move(backend), caller), caller);
}

/// A workspace that is read, or a demo that is played, as @p options say, by an engine that a window attaches; or whose
/// events it opens from a capture.
class ServedEngine
{
public:
    /// @p playback: by whose clock; null: as fast as it goes. @p kind: how it is reached; not Local.
    explicit ServedEngine(const console::Options &options, std::shared_ptr<Playback> playback = {},
                          BackEndKind kind = BackEndKind::Remote);
    ~ServedEngine();
    console::Options attachOptions() const; ///< What to tell the window instead.
    console::Options topicsOptions();       ///< The same for a window that sees topics alone; once everything was read.
    bool isDone() const;                    ///< Everything was read.
    WorkspaceSummary summary() const;
    LocalBackend &backend();
    void stop();        ///< Nobody listens any more.
    bool listenAgain(); ///< On the same port.
    /// From now on by TLS alone; "wss://localhost:41234". Empty: it does not.
    std::string listenByTls(const std::string &certificate, const std::string &key);

private:
    struct Parts;
    const std::unique_ptr<Parts> m_parts;
};

} // namespace eventops::test
