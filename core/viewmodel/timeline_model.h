// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/timeline_index.h"
#include "core/viewmodel/view_context.h"

#include <QHash>
#include <QObject>
#include <QTimer>

#include <deque>

namespace eventops {

/// What a timeline shows: all events of the workspace counted by time, lane and severity, and marks for findings and
/// actions. Reads each place once, as it comes to exist, in slices of a few milliseconds a frame.
/// Thread: UI. Memory: TimelineIndex, at most PendingEventsMax events on their way (11 bytes each), MarkersMax marks.
class TimelineModel final : public QObject
{
    Q_OBJECT

public:
    enum State {
        Loading, ///< Nothing to draw yet, but there will be.
        Empty,   ///< The workspace holds no events.
        Ready,
        Failed,  ///< `problem` and `remedy` say more; what was read before stays.
    };
    Q_ENUM(State)

    struct Lane {
        QString name;         ///< As one line of plain text; "(none)" for events without.
        std::uint16_t number; ///< In the index.
        std::uint64_t events;
    };
    enum class MarkerKind { Finding, Action };
    struct Marker {
        MarkerKind kind;
        qint64 ns;
        int severityNumber;   ///< Of a finding; of an action 0.
        bool isOpen;          ///< A finding not resolved, an action not at its end.
        QString id;           ///< Of the finding or of the suggestion.
        QString findingId;    ///< The finding itself, or the one that the action answers.
        QString title;        ///< One line of plain text.
    };

    explicit TimelineModel(ViewContext &context, QObject *parent = nullptr);
    ~TimelineModel() override;

    State state() const { return m_state; }
    const QString &problem() const { return m_problem; }
    const QString &remedy() const { return m_remedy; }
    const std::vector<Lane> &lanes() const { return m_lanes; } ///< Most active first; the order settles by doublings.
    const std::vector<Marker> &markers() const { return m_markers; } ///< By time.
    bool markersCut() const { return m_markersCut; }           ///< There are more; these are the latest.
    TimelineIndex &index() { return m_index; }
    std::uint64_t revision() const { return m_revision; }      ///< Another one whenever the index changed.
    std::uint64_t eventsKnown() const { return m_known; }
    std::uint64_t eventsRead() const { return m_taken; }

    Field laneBy() const { return m_laneBy; }
    void setLaneBy(Field field); ///< Reads everything again.
    void reload();               ///< After a failure.

    static constexpr std::size_t PendingEventsMax = 1u << 20;
    static constexpr std::size_t MarkersMax = 10'000;
    static constexpr int SliceMs = 4;       ///< Of the UI thread's time at once,
    static constexpr int SlicePauseMs = 8;  ///< with this between.
    static constexpr int MarkersPauseMs = 500;

Q_SIGNALS:
    void stateChanged();
    void dataChanged();  ///< The index grew.
    void lanesChanged(); ///< Names or order.
    void markersChanged();

private:
    void takeChange(const Change &change);
    void ask();
    void takePage(EventColumns page);
    void finishCall(const Result<Ok> &result);
    void takeSlice();
    void appendPart(const EventColumns &page, std::size_t from, std::size_t to);
    std::uint16_t laneNumber(const std::string &name);
    void updateLanes();
    void askMarkers();
    void takeMarkers();
    void setState(State state, const Error *error = nullptr);
    void updateState();

    ViewContext &m_context;
    TimelineIndex m_index;
    Field m_laneBy = Field::EntityType;
    State m_state = Loading;
    QString m_problem, m_remedy;
    std::uint64_t m_revision = 1;

    ReceiverGuard m_guard;          ///< Of the call for columns; reset when it no longer counts.
    Ticket m_ticket;
    bool m_calling = false;
    bool m_stalled = false;         ///< The last call brought nothing: wait for a change.
    std::uint64_t m_known = 0;      ///< Places that exist.
    std::uint64_t m_received = 0;   ///< Places that arrived.
    std::uint64_t m_taken = 0;      ///< Places in the index.
    std::deque<EventColumns> m_pending;
    std::size_t m_pendingEvents = 0;
    std::size_t m_pendingFrom = 0;  ///< Events of the first pending page that were taken.
    std::vector<std::uint16_t> m_laneMap; ///< From lanes of the call to lanes of the index.
    std::vector<std::uint16_t> m_laneScratch;
    QTimer m_slice;

    QHash<QByteArray, std::uint16_t> m_laneNumbers;
    std::vector<QString> m_laneNames;
    std::vector<Lane> m_lanes;
    std::uint64_t m_sortedAt = 0;   ///< Events counted when the lanes were sorted last.

    ReceiverGuard m_markerGuard;
    QTimer m_markerPause;
    int m_markerCalls = 0;
    std::uint64_t m_findingsSeen = 0, m_suggestionsSeen = 0;
    bool m_markersWanted = true;
    bool m_markersCut = false;
    std::vector<Marker> m_markers, m_nextMarkers;
};

} // namespace eventops
