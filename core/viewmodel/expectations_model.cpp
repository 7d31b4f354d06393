// SPDX-License-Identifier: MIT
#include "core/viewmodel/expectations_model.h"

#include "core/viewmodel/shown_text.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace eventops {
namespace {

constexpr QChar KeySeparator(0x1f);
constexpr qsizetype FilterMax = 1'000;

QString keyOf(const CaseExpectation &expected)
{
    return exactText(expected.tenant) + KeySeparator + exactText(expected.entityType) + KeySeparator
        + exactText(expected.entityId);
}

QString stepName(const std::string &step)
{
    return step.empty() ? QObject::tr("a forgotten step") : shownText(step, ShownNameMax);
}

/// "order.paid → packed": what both names begin with is said once.
QString stepsText(const CaseExpectation &expected)
{
    const QString last = stepName(expected.lastStep);
    if (expected.next.empty())
        return QObject::tr("stopped after %1").arg(last);
    QString next = stepName(expected.next.front().step);
    const qsizetype part = next.lastIndexOf(QLatin1Char('.')) + 1;
    if (part > 0 && part < next.size() && last.startsWith(QStringView(next).left(part)))
        next.remove(0, part);
    return last + QStringLiteral(" → ") + next;
}

QString shownShare(double probability)
{
    const double percent = probability * 100.0;
    if (percent >= 99.5 && probability < 1.0)
        return QObject::tr("> 99 %");
    return percent < 1.0 ? QObject::tr("< 1 %") : QObject::tr("%1 %").arg(qRound(percent));
}

/// Time until something, without its smaller unit when that says nothing.
QString untilText(qint64 ns)
{
    constexpr qint64 Minute = 60 * NsPerSecond;
    if (ns >= NsPerSecond)
        ns -= ns % NsPerSecond; // a countdown of seconds
    if (ns >= 60 * Minute)
        ns -= ns % Minute;
    return shownDuration(ns);
}

QString countdownOf(const CaseExpectation &expected, CaseStanding standing, WallNs clock)
{
    if (clock == NoTime)
        return {};
    switch (standing) {
    case CaseStanding::OnTime:
        if (expected.eta != NoTime && raw(clock) < raw(expected.eta))
            return QObject::tr("due in %1").arg(untilText(expected.eta - clock));
        return expected.late == NoTime ? QString() : QObject::tr("late in %1").arg(untilText(expected.late - clock));
    case CaseStanding::Late: return QObject::tr("late by %1").arg(untilText(clock - expected.late));
    case CaseStanding::Overdue: return QObject::tr("overdue by %1").arg(untilText(clock - expected.overdue));
    case CaseStanding::Missing: break;
    }
    if (expected.missing != NoTime && raw(clock) >= raw(expected.missing))
        return QObject::tr("missing for %1").arg(untilText(clock - expected.missing));
    return QObject::tr("missing");
}

/// The worst first; of those as bad, the one whose standing changes next, of the missing ones the newest.
auto urgency(const ExpectationLane &lane)
{
    const CaseExpectation &e = lane.expected;
    std::int64_t next = 0;
    switch (lane.standing) {
    case CaseStanding::OnTime: next = raw(e.late); break;
    case CaseStanding::Late: next = raw(e.overdue); break;
    case CaseStanding::Overdue: next = e.missing == NoTime ? INT64_MAX : raw(e.missing); break;
    case CaseStanding::Missing: next = -raw(e.missing == NoTime ? e.since : e.missing); break;
    }
    return std::tuple(-static_cast<int>(lane.standing), next, lane.key);
}

} // namespace

ExpectationsModel::ExpectationsModel(ViewContext &context, QObject *parent)
    : RowListModel(parent), m_context(context), m_refresher([this] { ask(); })
{
    m_tick.setInterval(TickMs);
    connect(&m_tick, &QTimer::timeout, this, [this] { show(); });
    connect(&m_context, &ViewContext::changed, this, &ExpectationsModel::follow);
    connect(&m_context, &ViewContext::entitySelected, this, &ExpectationsModel::currentChanged);
    follow(m_context.change());
}

ExpectationsModel::~ExpectationsModel()
{
    m_ticket.cancel();
}

void ExpectationsModel::follow(const Change &change)
{
    if (change.clock != m_clockSeen) {
        m_clockSeen = change.clock;
        m_sinceClock.start();
    }
    const bool isLive = change.running && change.progress.bytesTotal == 0; // a source without an end
    if (isLive != m_tick.isActive())
        isLive ? m_tick.start() : m_tick.stop();
    if (m_asked)
        show(); // the clock alone makes a case late
    refresh();
}

WallNs ExpectationsModel::clock() const
{
    if (m_clockSeen == NoTime || !m_tick.isActive())
        return m_clockSeen;
    return m_clockSeen + m_sinceClock.nsecsElapsed();
}

void ExpectationsModel::ask()
{
    m_ticket = m_context.backend().expectations(
        m_context.caller(), m_context.bridge().to(m_guard, [this](const Result<std::vector<CaseExpectation>> &known) {
            if (!known)
                return fail(known.error());
            m_known = known.value();
            m_asked = true;
            show();
            m_refresher.answered();
        }));
}

void ExpectationsModel::show()
{
    const WallNs now = clock();
    std::vector<ExpectationLane> lanes;
    m_counts.fill(0);
    for (const CaseExpectation &expected : m_known) {
        ExpectationLane lane{keyOf(expected), expected, standingAt(expected, now), place(expected, now), {}};
        lane.countdown = countdownOf(expected, lane.standing, now);
        ++m_counts[static_cast<std::size_t>(lane.standing)];
        if (matches(lane))
            lanes.push_back(std::move(lane));
    }
    std::sort(lanes.begin(), lanes.end(), [](const auto &a, const auto &b) { return urgency(a) < urgency(b); });
    replaceRows(std::move(lanes));
    if (m_asked)
        setState(count() > 0 ? Ready : m_context.change().running ? Learning : Empty);
    Q_EMIT refreshed();
    Q_EMIT currentChanged();
}

void ExpectationsModel::fail(const Error &error)
{
    if (error.code == Error::Code::NotFound && m_context.change().events == 0)
        setState(Empty); // the workspace does not exist yet
    else if (error.code != Error::Code::Cancelled)
        setState(Failed, shownText(error.message), shownText(error.remedy));
    m_refresher.answered();
}

bool ExpectationsModel::matches(const ExpectationLane &lane) const
{
    if (m_words.isEmpty())
        return true;
    const CaseExpectation &e = lane.expected;
    QString text;
    for (const std::string *part : {&e.entityId, &e.entityType, &e.tenant, &e.lastStep})
        text += shownText(*part) + QLatin1Char('\n');
    for (const ExpectedNext &next : e.next)
        text += shownText(next.step) + QLatin1Char('\n');
    text += exactText(toString(lane.standing));
    return std::all_of(m_words.begin(), m_words.end(),
                       [&](const QString &word) { return text.contains(word, Qt::CaseInsensitive); });
}

void ExpectationsModel::setFilter(const QString &text)
{
    const QString wanted = text.simplified().left(FilterMax);
    if (wanted == m_filter)
        return;
    m_filter = wanted;
    m_words = wanted.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    show();
}

double ExpectationsModel::place(const CaseExpectation &expectation, WallNs clock)
{
    if (clock == NoTime || expectation.since == NoTime)
        return 0.0;
    struct Mark {
        WallNs at;
        double place;
    };
    Mark from{expectation.since, 0.0};
    const bool isOpen = expectation.missing == NoTime && expectation.overdue != NoTime;
    const WallNs end = isOpen ? expectation.overdue + (expectation.overdue - expectation.since) : expectation.missing;
    for (const Mark &to : std::array{Mark{expectation.eta, EtaPlace}, Mark{expectation.late, LatePlace},
                                     Mark{expectation.overdue, OverduePlace}, Mark{end, 1.0}}) {
        if (to.at == NoTime)
            continue;
        if (raw(clock) < raw(to.at)) {
            const auto width = static_cast<double>(to.at - from.at);
            const auto passed = static_cast<double>(std::max<std::int64_t>(clock - from.at, 0));
            return from.place + (to.place - from.place) * (width > 0.0 ? passed / width : 1.0);
        }
        from = to;
    }
    return 1.0;
}

int ExpectationsModel::currentRow() const
{
    const EntityRef &entity = m_context.entity();
    return entity.isEmpty() ? -1 : rowOf(entity.tenant + KeySeparator + entity.type + KeySeparator + entity.id);
}

void ExpectationsModel::select(int row)
{
    if (row < 0 || row >= count())
        return;
    const CaseExpectation &expected = rowAt(row).expected;
    m_context.selectEntity({exactText(expected.tenant), exactText(expected.entityType), exactText(expected.entityId)});
}

void ExpectationsModel::selectNext()
{
    select(std::min(currentRow() + 1, count() - 1));
}

void ExpectationsModel::selectPrevious()
{
    select(std::max(currentRow() - 1, 0));
}

QString ExpectationsModel::summary() const
{
    QStringList parts;
    for (const CaseStanding standing :
         {CaseStanding::Missing, CaseStanding::Overdue, CaseStanding::Late, CaseStanding::OnTime}) {
        if (const int cases = m_counts[static_cast<std::size_t>(standing)]; cases > 0)
            parts.append(QStringLiteral("%1 %2").arg(cases).arg(exactText(toString(standing))));
    }
    return parts.join(QStringLiteral(", "));
}

QString ExpectationsModel::clockText() const
{
    const WallNs now = clock();
    return now == NoTime ? QString() : shownTime(WallNs{raw(now) - raw(now) % NsPerSecond});
}

QVariant ExpectationsModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const ExpectationLane &lane = rowAt(index.row());
    const CaseExpectation &e = lane.expected;
    const bool isKnown = !e.next.empty();
    switch (role) {
    case Qt::DisplayRole:
    case TargetRole: return shownText(e.entityId, ShownNameMax);
    case TypeRole: return shownText(e.entityType, ShownNameMax);
    case TenantRole: return shownText(e.tenant, ShownNameMax);
    case StepsRole: return stepsText(e);
    case NextStepRole: return isKnown ? stepName(e.next.front().step) : QString();
    case ProbabilityRole: return isKnown ? shownShare(e.next.front().probability) : QString();
    case OthersRole: {
        QStringList others;
        for (std::size_t i = 1; i < e.next.size(); ++i)
            others.append(stepName(e.next[i].step) + QLatin1Char(' ') + shownShare(e.next[i].probability));
        return others.join(QStringLiteral(", "));
    }
    case StandingRole: return static_cast<int>(lane.standing);
    case StandingNameRole: return exactText(toString(lane.standing));
    case NowRole: return lane.now;
    case CountdownRole: return lane.countdown;
    case BandKnownRole: return e.eta != NoTime;
    case TimesRole: {
        if (e.eta == NoTime)
            return tr("since %1").arg(shownTime(e.since));
        const QString times = tr("last step %1 · half within %2, 90 % within %3, 99 % within %4 · %5 times known")
                                  .arg(shownTime(e.since), untilText(e.eta - e.since), untilText(e.late - e.since),
                                       untilText(e.overdue - e.since), shownCount(e.samples));
        return e.missing == NoTime ? times : tr("%1 · missing at %2").arg(times, shownTime(e.missing));
    }
    case SpokenRole:
        return tr("%1: %2, after %3, next %4, %5").arg(shownText(e.entityId, ShownNameMax),
                                                      exactText(toString(lane.standing)), stepName(e.lastStep),
                                                      isKnown ? stepName(e.next.front().step) : tr("unknown"),
                                                      lane.countdown);
    default: return {};
    }
}

QHash<int, QByteArray> ExpectationsModel::roleNames() const
{
    return {{TargetRole, "target"}, {TypeRole, "entityType"}, {TenantRole, "tenant"}, {StepsRole, "steps"},
            {NextStepRole, "nextStep"}, {ProbabilityRole, "probability"}, {OthersRole, "others"},
            {StandingRole, "standing"}, {StandingNameRole, "standingName"}, {NowRole, "now"},
            {CountdownRole, "countdown"}, {BandKnownRole, "bandKnown"}, {TimesRole, "times"}, {SpokenRole, "spoken"}};
}

} // namespace eventops
