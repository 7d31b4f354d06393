// SPDX-License-Identifier: MIT
#include "core/viewmodel/health_model.h"

#include "core/viewmodel/shown_text.h"

#include <QVariantMap>

#include <algorithm>
#include <array>

namespace eventops {
namespace {

constexpr qsizetype ShownTroubleMax = 240;
constexpr qsizetype StreamsMax = 16; ///< Lines of their own; more are in the numbers of the API.

constexpr int MeasureMs = 500;         ///< A rate over less says little.
constexpr double RateSmoothing = 0.5;  ///< Weight of the newest rate.

QVariantMap named(const QString &name, const QString &value)
{
    return {{QStringLiteral("name"), name}, {QStringLiteral("value"), value}};
}

/// How full a queue is, while there is one.
void addQueue(QVariantList &counters, const QString &name, const QueueDepth &queue)
{
    if (queue.itemsMax > 0)
        counters.append(named(name, QStringLiteral("%1 of %2").arg(queue.items).arg(queue.itemsMax)));
}

QString perSecond(double rate)
{
    return shownCount(static_cast<quint64>(std::max(0.0, rate) + 0.5)) + QStringLiteral("/s");
}

double rateOf(std::uint64_t before, std::uint64_t now, qint64 ms, double last)
{
    const double rate = now > before ? static_cast<double>(now - before) * 1'000.0 / static_cast<double>(ms) : 0.0;
    return last <= 0.0 ? rate : RateSmoothing * rate + (1.0 - RateSmoothing) * last;
}

} // namespace

void BalanceModel::show(const WorkspaceSummary &summary)
{
    std::vector<BalanceRow> rows;
    for (const SourceRow &source : summary.sources) {
        if (rows.size() == SourcesMax)
            break;
        const SourceProgress &progress = source.progress;
        rows.push_back({exactText(progress.key),
                        shownText(progress.title.empty() ? progress.key : progress.title, ShownNameMax),
                        progress.added, progress.finished});
    }
    if (summary.sources.size() > 1)
        rows.push_back({QString(), QStringLiteral("All sources"), summary.counters, true});
    replaceRows(std::move(rows));
    setState(count() > 0 ? Ready : Empty);
}

QVariant BalanceModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const BalanceRow &row = rowAt(index.row());
    const Counters &counters = row.counters;
    switch (role) {
    case Qt::DisplayRole:
    case TitleRole: return row.title;
    case ReceivedRole: return shownCount(counters.received);
    case StoredRole: return shownCount(counters.stored);
    case SkippedRole: return shownCount(counters.skipped);
    case DuplicateRole: return shownCount(counters.duplicate);
    case DeadLetteredRole: return shownCount(counters.deadLettered);
    case InFlightRole: return shownCount(counters.inFlight);
    case EventsRole: return shownCount(counters.events);
    case HoldsRole: return counters.conserved();
    case FinishedRole: return row.finished;
    case TotalRole: return row.key.isEmpty();
    default: return {};
    }
}

QHash<int, QByteArray> BalanceModel::roleNames() const
{
    return {{TitleRole, "title"}, {ReceivedRole, "received"}, {StoredRole, "stored"}, {SkippedRole, "skipped"},
            {DuplicateRole, "duplicate"}, {DeadLetteredRole, "deadLettered"}, {InFlightRole, "inFlight"},
            {EventsRole, "events"}, {HoldsRole, "holds"}, {FinishedRole, "finished"}, {TotalRole, "isTotal"}};
}

HealthModel::HealthModel(ViewContext &context, QObject *parent)
    : QObject(parent), m_context(context), m_refresher([this] { ask(); })
{
    connect(&m_context, &ViewContext::changed, this, &HealthModel::follow);
    refresh();
}

HealthModel::~HealthModel()
{
    m_ticket.cancel();
}

void HealthModel::follow(const Change &change)
{
    m_health.running = change.running;
    m_health.progress = change.progress;
    measure();
    refresh();
}

/// Rates from what the run has done since the last look.
void HealthModel::measure()
{
    const RunProgress &now = m_health.progress;
    const bool restarted = m_measured && now.counters.received < m_measured->counters.received;
    if (!m_health.running || restarted) {
        m_measured.reset();
        m_recordsRate = m_bytesRate = m_eventsRate = 0.0;
        if (!m_health.running)
            return;
    }
    if (!m_measured) {
        m_measured = now;
        m_sinceMeasure.start();
        return;
    }
    const qint64 ms = m_sinceMeasure.elapsed();
    if (ms < MeasureMs)
        return;
    m_recordsRate = rateOf(m_measured->counters.received, now.counters.received, ms, m_recordsRate);
    m_eventsRate = rateOf(m_measured->counters.events, now.counters.events, ms, m_eventsRate);
    m_bytesRate = rateOf(m_measured->bytesRead, now.bytesRead, ms, m_bytesRate);
    m_measured = now;
    m_sinceMeasure.start();
}

void HealthModel::ask()
{
    m_ticket = m_context.backend().health(
        m_context.caller(), m_context.bridge().to(m_guard, [this](const Result<Health> &health) { show(health); }));
}

void HealthModel::show(const Result<Health> &health)
{
    if (health) {
        m_health = health.value();
        m_sources.show(m_health.summary);
        measure();
        const bool nothing = m_health.summary.sources.empty() && m_health.pipelineName.empty();
        const bool first = m_health.running && m_health.summary.counters.received == 0;
        m_state = first ? Learning : nothing && !m_health.running ? Empty : Ready;
        m_problem.clear();
        m_remedy.clear();
    } else if (health.error().code == Error::Code::NotFound) {
        m_state = Empty; // the workspace does not exist yet
    } else if (health.error().code != Error::Code::Cancelled) {
        m_state = Failed;
        m_problem = shownText(health.error().message);
        m_remedy = shownText(health.error().remedy);
    }
    Q_EMIT refreshed();
    m_refresher.answered();
}

bool HealthModel::holds() const
{
    const auto &sources = m_health.summary.sources;
    return m_health.summary.counters.conserved()
        && std::all_of(sources.begin(), sources.end(),
                       [](const SourceRow &source) { return source.progress.added.conserved(); });
}

QVariantMap HealthModel::part(const QString &name, const QString &icon, PartState state, const QString &headline,
                              const QVariantList &counters) const
{
    return {{QStringLiteral("name"), name}, {QStringLiteral("icon"), icon}, {QStringLiteral("state"), state},
            {QStringLiteral("headline"), headline}, {QStringLiteral("counters"), counters}};
}

HealthModel::PartState HealthModel::stageState(const char *stage) const
{
    const auto &stages = m_health.stages;
    if (!stages.empty() && std::find(stages.begin(), stages.end(), stage) == stages.end())
        return Off;
    return m_health.running ? Working : Idle;
}

QVariantMap HealthModel::collectPart() const
{
    const RunProgress &run = m_health.progress;
    QVariantList counters{named(QStringLiteral("sources"), shownCount(m_health.summary.sources.size()))};
    if (m_health.running)
        counters.prepend(named(QStringLiteral("read"), shownBytes(run.bytesRead)));
    if (m_health.running)
        addQueue(counters, QStringLiteral("chunks queued"), run.chunks);
    const QString rate = m_recordsRate > 0.0 ? perSecond(m_recordsRate)
                                             : shownCount(m_health.summary.counters.received);
    return part(QStringLiteral("Collect"), QStringLiteral("inbox"), m_health.running ? Working : Idle,
                rate + QStringLiteral(" records"), counters);
}

QVariantMap HealthModel::normalizePart() const
{
    const Counters &counters = m_health.summary.counters;
    const auto waiting = counters.deadLettered;
    return part(QStringLiteral("Normalize"), QStringLiteral("list-tree"),
                waiting > 0 ? Attention : m_health.running ? Working : Idle,
                shownCount(counters.events) + QStringLiteral(" events"),
                {named(QStringLiteral("dead letters"), shownCount(waiting)),
                 named(QStringLiteral("skipped"), shownCount(counters.skipped))});
}

QVariantMap HealthModel::enrichPart() const
{
    const PartState state = stageState("enrich");
    return part(QStringLiteral("Enrich"), QStringLiteral("package"), state,
                state == Off ? QStringLiteral("not in this pipeline")
                             : shownCount(m_health.summary.counters.events) + QStringLiteral(" events"), {});
}

QVariantMap HealthModel::storePart() const
{
    const Counters &counters = m_health.summary.counters;
    QVariantList shown{named(QStringLiteral("ledger"), shownDiskSize(m_health.ledgerBytes)),
                       named(QStringLiteral("duplicates"), shownCount(counters.duplicate))};
    if (m_health.running)
        addQueue(shown, QStringLiteral("commits queued"), m_health.progress.commits);
    const std::string &trouble = m_health.progress.trouble;
    if (m_health.running && !trouble.empty())
        return part(QStringLiteral("Store"), QStringLiteral("database"), Attention, shownText(trouble, ShownTroubleMax),
                    shown);
    if (!m_health.summary.setAside.empty())
        shown.append(named(QStringLiteral("damaged files kept"), shownCount(m_health.summary.setAside.size())));
    return part(QStringLiteral("Store"), QStringLiteral("database"), m_health.running ? Working : Idle,
                shownCount(counters.stored) + QStringLiteral(" records"), shown);
}

QVariantMap HealthModel::automatePart() const
{
    const PartState state = stageState("rules");
    return part(QStringLiteral("Automate"), QStringLiteral("workflow"), state,
                shownCount(m_health.summary.findings) + QStringLiteral(" findings"),
                {named(QStringLiteral("suggestions"), shownCount(m_health.summary.suggestions))});
}

QVariantMap HealthModel::processPart() const
{
    QVariantList counters{named(QStringLiteral("in flight"), shownCount(m_health.summary.counters.inFlight))};
    if (m_health.workers > 0)
        counters.prepend(named(QStringLiteral("workers"), shownCount(m_health.workers)));
    return part(QStringLiteral("Process"), QStringLiteral("activity"), m_health.running ? Working : Idle,
                m_eventsRate > 0.0 ? perSecond(m_eventsRate) + QStringLiteral(" events")
                                   : shownCount(m_health.stages.size()) + QStringLiteral(" stages"),
                counters);
}

QVariantMap HealthModel::servePart() const
{
    static constexpr std::array Roles{"viewer", "operator", "approver", "admin"};
    const Caller &caller = m_context.caller();
    return part(QStringLiteral("Serve"), QStringLiteral("server"), Idle, QStringLiteral("this window"),
                {named(QStringLiteral("user"), shownText(caller.user, ShownNameMax)),
                 named(QStringLiteral("role"), QLatin1String(Roles.at(static_cast<std::size_t>(caller.role))))});
}

QVariantList HealthModel::parts() const
{
    return {collectPart(), normalizePart(), enrichPart(), storePart(), automatePart(), processPart(), servePart()};
}

QVariantList HealthModel::reasons() const
{
    QVariantList list;
    for (const ReasonCount &count : m_health.deadLetters) {
        if (list.size() == static_cast<qsizetype>(ReasonsMax))
            break;
        list.append(QVariantMap{{QStringLiteral("reason"), shownText(count.reason, ShownNameMax)},
                                {QStringLiteral("records"), shownCount(count.records)}});
    }
    return list;
}

namespace {

/// One stream in a line: what waits there, and what is wrong with it.
QString streamText(const SourceHealth &source)
{
    QStringList parts; // its trouble stands above, see HealthModel::behind
    parts.append(source.lag ? QStringLiteral("%1 behind").arg(shownCount(*source.lag))
                            : QStringLiteral("not known how far behind"));
    if (source.missed > 0)
        parts.append(QStringLiteral("%1 missed").arg(shownCount(source.missed)));
    if (source.errors > 0)
        parts.append(QStringLiteral("%1 errors").arg(shownCount(source.errors)));
    if (source.rebalances > 0)
        parts.append(QStringLiteral("%1 rebalances").arg(shownCount(source.rebalances)));
    if (!source.notice.empty())
        parts.append(shownText(source.notice, ShownTroubleMax));
    return parts.join(QStringLiteral("; "));
}

} // namespace

QVariantList HealthModel::facts() const
{
    QVariantList list{named(QStringLiteral("Pipeline"), m_health.pipelineName.empty()
                                ? QStringLiteral("none yet") : shownText(m_health.pipelineName, ShownNameMax)),
                      named(QStringLiteral("Ledger"), shownDiskSize(m_health.ledgerBytes)),
                      named(QStringLiteral("Workspace clock"), m_health.summary.clock == NoTime
                                ? QStringLiteral("not started") : shownTime(m_health.summary.clock))};
    if (m_health.workers > 0)
        list.append(named(QStringLiteral("Workers"), shownCount(m_health.workers)));
    if (m_health.running && m_recordsRate > 0.0)
        list.append(named(QStringLiteral("Rate"), QStringLiteral("%1 records, %2/s")
                                                      .arg(perSecond(m_recordsRate),
                                                           shownBytes(static_cast<quint64>(m_bytesRate)))));
    qsizetype streams = 0;
    for (const SourceHealth &source : m_health.progress.sources) {
        if (m_health.running && !source.title.empty() && streams++ < StreamsMax)
            list.append(named(shownText(source.title, ShownNameMax), streamText(source)));
    }
    if (m_health.lake) {
        const LakeHealth &lake = *m_health.lake;
        QString rows = QStringLiteral("as of its last run"); // only the process that fed it has counted
        if (lake.working || lake.metricRows + lake.alertRows > 0)
            rows = QStringLiteral("%1 metrics, %2 alerts, %3 files")
                       .arg(shownCount(lake.metricRows), shownCount(lake.alertRows), shownCount(lake.parts));
        list.append(named(QStringLiteral("Lake"), lake.notice.empty() ? rows : shownText(lake.notice)));
    }
    if (m_health.clickHouse) {
        QString state = QStringLiteral("%1 rows").arg(shownCount(m_health.clickHouse->rows));
        if (!m_health.clickHouse->notice.empty())
            state += QStringLiteral("; ") + shownText(m_health.clickHouse->notice);
        list.append(named(QStringLiteral("ClickHouse"), state));
    }
    return list;
}

QStringList HealthModel::behind() const
{
    QStringList list;
    for (const std::string &trouble : m_health.summary.behind)
        list.append(shownText(trouble, ShownTroubleMax));
    for (const SourceHealth &source : m_health.progress.sources) {
        if (m_health.running && !source.trouble.empty() && list.size() < StreamsMax)
            list.append(QStringLiteral("%1: %2").arg(shownText(source.title, ShownNameMax),
                                                     shownText(source.trouble, ShownTroubleMax)));
    }
    return list;
}

QVariantList HealthModel::score() const
{
    if (!m_health.known)
        return {};
    const Scorecard &card = m_health.known->card;
    const auto share = [](double value) { return QString::number(value, 'f', 2); };
    return {named(QStringLiteral("Precision"), share(card.precision)),
            named(QStringLiteral("Recall"), share(card.recall)),
            named(QStringLiteral("Lead time"),
                  card.leadNsMedian ? shownDuration(*card.leadNsMedian) : QStringLiteral("none yet")),
            named(QStringLiteral("False alarms"), share(card.falseAlarmsPerHour) + QStringLiteral("/h"))};
}

QVariantList HealthModel::faults() const
{
    static_assert(int(FaultScore::Outcome::Detected) == Detected && int(FaultScore::Outcome::Missed) == Missed
                  && int(FaultScore::Outcome::Open) == Open);
    QVariantList list;
    if (!m_health.known)
        return list;
    for (const FaultScore &score : m_health.known->card.faults) {
        if (list.size() == static_cast<qsizetype>(FaultsMax))
            break;
        const GroundTruthFault &fault = m_health.known->truth.faults[score.fault];
        list.append(QVariantMap{
            {QStringLiteral("name"), shownText(fault.id, ShownNameMax)},
            {QStringLiteral("target"), shownText(fault.entityId, ShownNameMax)},
            {QStringLiteral("what"), shownText(fault.description)},
            {QStringLiteral("outcome"), static_cast<int>(score.outcome)},
            {QStringLiteral("lead"), score.outcome == FaultScore::Outcome::Detected ? shownDuration(score.leadNs)
                                                                                    : QString()}});
    }
    return list;
}

double HealthModel::progress() const
{
    const RunProgress &run = m_health.progress;
    if (!m_health.running || run.bytesTotal == 0)
        return -1.0;
    return std::min(1.0, static_cast<double>(run.bytesRead) / static_cast<double>(run.bytesTotal));
}

QString HealthModel::progressText() const
{
    if (!m_health.running)
        return {};
    const RunProgress &run = m_health.progress;
    return run.bytesTotal == 0 ? shownBytes(run.bytesRead)
                               : QStringLiteral("%1 of %2").arg(shownBytes(run.bytesRead), shownBytes(run.bytesTotal));
}

/// A source without an end, such as topics, is read up only as long as something waits there.
QString HealthModel::runText() const
{
    if (!m_health.running)
        return {};
    const RunProgress &run = m_health.progress;
    std::uint64_t waiting = 0;
    for (const SourceHealth &source : run.sources)
        waiting += source.lag.value_or(0);
    if (waiting > 0)
        return QStringLiteral("Reading … %1, %2 records wait").arg(progressText(), shownCount(waiting));
    return (run.bytesTotal > 0 ? QStringLiteral("Reading … %1") : QStringLiteral("Following: %1 so far"))
        .arg(progressText());
}

} // namespace eventops
