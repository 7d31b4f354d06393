// SPDX-License-Identifier: MIT
#include "widgets/shell/status_strip.h"

#include "core/viewmodel/connection_status.h"
#include "core/viewmodel/replay_controller.h"
#include "core/viewmodel/shown_text.h"
#include "widgets/theme/icon.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QStyle>
#include <QToolButton>

#include <algorithm>

namespace eventops {

StatusStrip::StatusStrip(ReplayController &replay, const QString &workspace, bool readOnly,
                         ConnectionStatus *connection, QWidget *parent)
    : QWidget(parent), m_replay(replay), m_connection(connection)
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, themeMetric("space2"), 0);
    row->setSpacing(themeMetric("space4"));
    const auto label = [&](const QString &tip) {
        auto *text = new QLabel(this);
        text->setTextFormat(Qt::PlainText);
        text->setObjectName(QStringLiteral("muted"));
        text->setToolTip(Qt::convertFromPlainText(tip));
        text->setFont(Theme::instance().font(Theme::FontRole::Small));
        row->addWidget(text);
        return text;
    };
    m_state = label(tr("What is being read"));
    m_progress = new QProgressBar(this);
    m_progress->setTextVisible(false);
    m_progress->setFixedWidth(themeMetric("progressWidth"));
    m_progress->setAccessibleName(tr("Progress"));
    row->addWidget(m_progress);
    m_stop = new QToolButton(this);
    m_stop->setIcon(themeIcon(QStringLiteral("x")));
    m_stop->setToolTip(tr("Stop reading; what was read stays stored"));
    m_stop->setObjectName(QStringLiteral("inLine"));
    m_stop->setIconSize(QSize(1, 1) * QFontMetrics(Theme::instance().font(Theme::FontRole::Small)).height());
    m_stop->setAccessibleName(tr("Stop reading"));
    row->addWidget(m_stop);
    m_rate = label(tr("Events stored a second"));
    m_counts = label(tr("Stored in this workspace"));
    m_clock = label(tr("Event time of the workspace: the newest event, UTC"));
    m_place = label(workspace);
    m_place->setText(readOnly ? tr("%1 (read only)").arg(workspace) : workspace);
    if (m_connection != nullptr) {
        m_place->setProperty("suffix", readOnly ? tr(" (read only)") : QString());
        m_retry = new QToolButton(this);
        m_retry->setObjectName(QStringLiteral("inLine"));
        m_retry->setText(tr("Try now"));
        m_retry->setFont(Theme::instance().font(Theme::FontRole::Small));
        row->addWidget(m_retry);
        connect(m_retry, &QToolButton::clicked, m_connection, &ConnectionStatus::askForRetry);
        connect(m_connection, &ConnectionStatus::changed, this, &StatusStrip::showConnection);
        showConnection();
    }
    connect(m_stop, &QToolButton::clicked, &replay, &ReplayController::cancel);
    connect(&replay, &ReplayController::stateChanged, this, &StatusStrip::showReplay);
    connect(&replay, &ReplayController::progressChanged, this, &StatusStrip::showReplay);
    m_rateTimer.setInterval(RateWindowMs);
    connect(&m_rateTimer, &QTimer::timeout, this, &StatusStrip::showRate);
    showReplay();
    show(Change{});
}

void StatusStrip::show(const Change &change)
{
    m_events = change.events;
    const auto count = [](quint64 n, const QString &one, const QString &many) {
        return QStringLiteral("%1 %2").arg(shownCount(n), n == 1 ? one : many);
    };
    QStringList counts{count(change.events, tr("event"), tr("events"))};
    if (change.findings > 0) // else there are none, or how many there are is not told to everybody
        counts += count(change.findings, tr("finding"), tr("findings"));
    if (change.suggestions > 0)
        counts += count(change.suggestions, tr("suggestion"), tr("suggestions"));
    m_counts->setText(counts.join(QStringLiteral(" · ")));
    m_clock->setText(shownTime(change.clock));
    m_clock->setVisible(change.clock != NoTime);
    if (m_replay.state() != ReplayController::State::Idle && !m_rateTimer.isActive()) {
        m_eventsBefore = m_events;
        m_since.start();
        m_rateTimer.start();
    }
}

void StatusStrip::showRate()
{
    const double seconds = static_cast<double>(std::max<qint64>(1, m_since.restart())) / 1'000.0;
    const double rate = static_cast<double>(m_events - std::min(m_events, m_eventsBefore)) / seconds;
    m_eventsBefore = m_events;
    m_rate->setText(rate < 1.0 ? QString() : tr("%1/s").arg(shownCount(static_cast<quint64>(rate))));
}

void StatusStrip::showConnection()
{
    using Phase = ConnectionStatus::Phase;
    const Phase phase = m_connection->phase();
    m_place->setText(m_connection->text() + m_place->property("suffix").toString());
    m_place->setToolTip(Qt::convertFromPlainText(m_connection->detail()));
    const bool lost = phase == Phase::Waiting || phase == Phase::Failed;
    m_place->setObjectName(lost ? QStringLiteral("lost") : QStringLiteral("muted"));
    m_place->style()->unpolish(m_place); // it is looked up by its name
    m_place->style()->polish(m_place);
    m_retry->setVisible(phase == Phase::Waiting);
}

void StatusStrip::showReplay()
{
    const bool running = m_replay.state() != ReplayController::State::Idle;
    if (!running) { // a rate is of a reading
        m_rateTimer.stop();
        m_rate->clear();
    }
    m_stop->setVisible(running);
    m_stop->setEnabled(m_replay.state() == ReplayController::State::Running);
    constexpr int Full = 1'000;
    const double part = m_replay.part();
    m_progress->setVisible(running && part >= 0.0); // no bar that runs to and fro and says nothing
    m_progress->setRange(0, Full);
    m_progress->setValue(static_cast<int>(std::max(0.0, part) * Full));
    m_state->setVisible(running);
    m_state->setText(m_replay.state() == ReplayController::State::Cancelling ? tr("Stopping…")
                                                                             : tr("Reading %1").arg(m_replay.title()));
}

} // namespace eventops
