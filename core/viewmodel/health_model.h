// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/refresher.h"
#include "core/viewmodel/row_list_model.h"
#include "core/viewmodel/view_context.h"

#include <QElapsedTimer>
#include <QVariantList>

#include <optional>

namespace eventops {

/// What became of the records of one source, or of all: received = stored + skipped + duplicate + dead-lettered + in
/// flight.
struct BalanceRow {
    QString key, title;
    Counters counters;
    bool finished = false;
    bool operator==(const BalanceRow &other) const
    {
        const Counters &a = counters, &b = other.counters;
        return key == other.key && title == other.title && finished == other.finished && a.received == b.received
            && a.stored == b.stored && a.skipped == b.skipped && a.duplicate == b.duplicate
            && a.deadLettered == b.deadLettered && a.inFlight == b.inFlight && a.events == b.events;
    }
};

/// The equation per source; the last row is all of them together when there are several. Thread: UI.
class BalanceModel final : public RowListModel<BalanceRow>
{
    Q_OBJECT

public:
    enum Roles {
        TitleRole = Qt::UserRole + 1, ReceivedRole, StoredRole, SkippedRole, DuplicateRole, DeadLetteredRole,
        InFlightRole, EventsRole, HoldsRole, FinishedRole, TotalRole,
    };
    using RowListModel::RowListModel;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;
    void show(const WorkspaceSummary &summary);
    static constexpr std::size_t SourcesMax = 1'000;
};

/// How the engine is doing: the conservation equation, the seven parts of the life of an event (contract E1), dead
/// letters by reason, rates. Thread: UI.
class HealthModel final : public QObject
{
    Q_OBJECT
    Q_PROPERTY(State state READ state NOTIFY refreshed)
    Q_PROPERTY(QString problem READ problem NOTIFY refreshed)
    Q_PROPERTY(QString remedy READ remedy NOTIFY refreshed)
    Q_PROPERTY(bool running READ running NOTIFY refreshed)
    Q_PROPERTY(bool holds READ holds NOTIFY refreshed)            ///< The equation, for every source.
    Q_PROPERTY(QVariantList parts READ parts NOTIFY refreshed)    ///< Maps of {name, icon, state, headline, counters}.
    Q_PROPERTY(QVariantList reasons READ reasons NOTIFY refreshed)///< Maps of {reason, records}.
    Q_PROPERTY(QVariantList facts READ facts NOTIFY refreshed)    ///< Maps of {name, value}.
    Q_PROPERTY(QStringList behind READ behind NOTIFY refreshed) ///< What is not up to date and why, a sentence each.
    Q_PROPERTY(QVariantList score READ score NOTIFY refreshed)    ///< Maps of {name, value}; empty: nothing is known.
    Q_PROPERTY(QVariantList faults READ faults NOTIFY refreshed)  ///< Maps of {name, target, what, outcome, lead}.
    Q_PROPERTY(double progress READ progress NOTIFY refreshed)    ///< Of the run, 0..1; -1: unknown.
    Q_PROPERTY(QString progressText READ progressText NOTIFY refreshed)
    Q_PROPERTY(QString runText READ runText NOTIFY refreshed)     ///< That it reads, or follows what has no end.
    Q_PROPERTY(eventops::BalanceModel *sources READ sources CONSTANT)

public:
    enum State { Loading, Empty, Learning, Ready, Failed }; ///< Learning: the first records are being read.
    Q_ENUM(State)
    enum PartState {
        Off,        ///< Not part of this pipeline, or of this program's setting.
        Idle,
        Working,
        Attention,  ///< Something waits for a person.
    };
    Q_ENUM(PartState)

    enum FaultOutcome { Detected, Missed, Open };
    Q_ENUM(FaultOutcome)

    explicit HealthModel(ViewContext &context, QObject *parent = nullptr);
    ~HealthModel() override;

    State state() const { return m_state; }
    const QString &problem() const { return m_problem; }
    const QString &remedy() const { return m_remedy; }
    bool running() const { return m_health.running; }
    bool holds() const;
    QVariantList parts() const;
    QVariantList reasons() const;
    QVariantList facts() const;
    QStringList behind() const;
    QVariantList score() const;   ///< What detectors are worth where the faults are known: a made-up world.
    QVariantList faults() const;  ///< Those that have begun.
    double progress() const;
    QString progressText() const;
    QString runText() const;
    BalanceModel *sources() { return &m_sources; }
    double recordsPerSecond() const { return m_recordsRate; } ///< Of the run, between two changes; 0 when none runs.

    static constexpr std::size_t ReasonsMax = 64;
    static constexpr std::size_t FaultsMax = 64;

public Q_SLOTS:
    void refresh() { m_refresher.request(); }

Q_SIGNALS:
    void refreshed();

private:
    void follow(const Change &change);
    void ask();
    void show(const Result<Health> &health);
    void measure();
    QVariantMap part(const QString &name, const QString &icon, PartState state, const QString &headline,
                     const QVariantList &counters) const;
    PartState stageState(const char *stage) const;
    QVariantMap collectPart() const;
    QVariantMap normalizePart() const;
    QVariantMap enrichPart() const;
    QVariantMap storePart() const;
    QVariantMap automatePart() const;
    QVariantMap processPart() const;
    QVariantMap servePart() const;

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Refresher m_refresher;
    Ticket m_ticket;
    BalanceModel m_sources;
    State m_state = Loading;
    QString m_problem, m_remedy;
    Health m_health;
    QElapsedTimer m_sinceMeasure;
    std::optional<RunProgress> m_measured;
    double m_recordsRate = 0.0, m_bytesRate = 0.0, m_eventsRate = 0.0;
};

} // namespace eventops
