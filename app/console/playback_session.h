// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/viewmodel/playback_controller.h"
#include "core/viewmodel/ui_bridge.h"

#include <QString>
#include <QTemporaryDir>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventops {

class ViewContext;

} // namespace eventops

namespace eventops::console {

/// The past of a workspace, copied aside to be played: its raw records as a capture, its pipeline, its findings as
/// marks. Nothing that is played reaches the workspace, and no action of it is ever executed. Thread: UI.
class PlaybackSession
{
public:
    /// @p directory: of the workspace that @p context looks at.
    PlaybackSession(std::string directory, QString title);
    ~PlaybackSession(); ///< Stops preparing; removes the copies.

    /// Copies; @p ready hears how it went, @p progress a part from 0 to 1. Refused: no raw records are kept.
    /// @p context must live until then, or call `stop` before it goes.
    void prepare(ViewContext &context, std::function<void(double)> progress, std::function<void(Status)> ready);
    void stop();

    /// A fresh directory to play in. The one before it stays, somebody may still work there; older ones are removed.
    Result<std::string> nextDirectory();
    /// Reads the past by a new clock: at once up to @p fromNs (negative: plays from the beginning).
    ReplayRequest request(qint64 fromNs, double speed, bool paused);
    std::unique_ptr<PlaybackController> makeController(const ReplayRequest &request) const;
    double defaultSpeed() const; ///< All of it in about two minutes.

    const std::string &directory() const { return m_directory; }
    const QString &title() const { return m_title; }

private:
    Status read();

    const std::string m_directory;
    const QString m_title;
    QTemporaryDir m_copies;
    ReceiverGuard m_guard;
    Ticket m_ticket;
    std::string m_pipeline, m_capture;
    std::vector<PlaybackMark> m_marks;
    qint64 m_firstNs = 0, m_lastNs = 0;
    unsigned m_plays = 0;
};

} // namespace eventops::console
