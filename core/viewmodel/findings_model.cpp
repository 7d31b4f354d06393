// SPDX-License-Identifier: MIT
#include "core/viewmodel/findings_model.h"

#include "core/viewmodel/finding_text.h"
#include "core/viewmodel/shown_text.h"

#include <algorithm>
#include <memory>

namespace eventops {
namespace {

constexpr std::uint64_t Overlap = 32; ///< Known findings asked for again, to see that none between is missing.
constexpr QChar Separator(0x1f);
constexpr qsizetype EvidenceMax = static_cast<qsizetype>(EvidenceShownMax);
constexpr qsizetype IdsMax = 256;     ///< Of one card.

FindingCardRow cardOf(const Finding &finding)
{
    FindingCardRow row;
    row.key = exactText(finding.id);
    row.ids = {row.key};
    row.origin = finding.origin;
    row.state = finding.state;
    row.severity = static_cast<int>(finding.severity);
    row.since = row.ts = finding.ts;
    row.entity = entityOf(finding);
    const QString type = shownText(finding.entityType, ShownNameMax);
    const QString id = shownText(finding.entityId, ShownNameMax);
    row.target = type.isEmpty() ? id : type + QLatin1Char(' ') + id;
    row.name = shownText(finding.name, ShownNameMax);
    row.message = shownText(finding.message);
    row.headline = shownHeadline(finding);
    row.evidence = evidenceIds(finding);
    row.terms = shownTerms(finding);
    row.bits = finding.bits;
    row.canBeTaught = !finding.pattern.empty();
    for (const std::string &part : {finding.tenant, std::string(toString(finding.origin)), finding.name,
                                    finding.entityType, finding.entityId, finding.sourceId, finding.metric})
        row.condition += exactText(part) + Separator;
    return row;
}

/// Joins @p next to the card of the same condition that it continues; false: it is a card of its own.
bool joins(FindingCardRow &card, const FindingCardRow &next)
{
    if (card.state == FindingState::Pending && next.state == FindingState::Firing) {
        card.state = next.state;
    } else if (card.state != next.state || next.origin != FindingOrigin::Rule || card.severity != next.severity
               || next.ts - card.ts > FindingsModel::EpisodeGapNs || next.ts < card.ts) {
        return false;
    } else {
        ++card.repeats;
    }
    card.severity = next.severity;
    card.ts = next.ts;
    card.message = next.message;
    card.headline = next.headline;
    card.terms = next.terms;
    card.bits = next.bits;
    if (card.ids.size() < IdsMax)
        card.ids += next.ids;
    for (const QString &id : next.evidence) {
        if (card.evidence.size() < EvidenceMax && !card.evidence.contains(id))
            card.evidence.append(id);
    }
    return true;
}

} // namespace

FindingsModel::FindingsModel(ViewContext &context, QObject *parent)
    : RowListModel(parent), m_context(context), m_refresher([this] { ask(); })
{
    connect(&m_context, &ViewContext::changed, this, &FindingsModel::follow);
    connect(&m_context, &ViewContext::findingSelected, this, &FindingsModel::currentChanged);
    connect(&m_context, &ViewContext::timeSpanSelected, this, &FindingsModel::rank);
    refresh();
}

FindingsModel::~FindingsModel()
{
    m_ticket.cancel();
}

/// Ages are by the workspace clock: they change with it, whether or not there are new findings.
void FindingsModel::follow(const Change &change)
{
    if (m_clock != change.clock && count() > 0)
        Q_EMIT dataChanged(index(0), index(count() - 1), {AgeRole});
    m_clock = change.clock;
    refresh();
}

void FindingsModel::ask()
{
    const std::uint64_t count = m_context.change().findings;
    if (m_first)
        return askTail(FindingsMax);
    if (count == m_countSeen)
        return askMatches();
    const std::uint64_t fresh = count > m_countSeen ? count - m_countSeen : 0;
    askTail(std::min(FindingsMax, fresh + Overlap));
}

void FindingsModel::askTail(std::uint64_t rows)
{
    m_page.clear();
    const std::uint64_t countBefore = m_context.change().findings;
    Query query;
    query.rowsMax = rows;
    query.oldestFirst = false;
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().findings(
        m_context.caller(), query, bridge.to(m_guard, [this](std::vector<Finding> page) {
            std::move(page.begin(), page.end(), std::back_inserter(m_page));
        }),
        bridge.to(m_guard, [this, rows, countBefore](const Status &status) {
            if (!status)
                return fail(status.error());
            m_countSeen = countBefore;
            take(rows);
        }));
}

/// Adds the new ones at the end. When none of those asked for is known, some between may be missing: asks for more.
void FindingsModel::take(std::uint64_t asked)
{
    const bool overlaps = std::any_of(m_page.begin(), m_page.end(),
                                      [&](const Finding &f) { return m_known.contains(exactText(f.id)); });
    if (!overlaps && !m_single.empty() && m_page.size() >= asked && asked < FindingsMax)
        return askTail(FindingsMax);
    if (!overlaps && m_page.size() >= FindingsMax) {
        m_single.clear();
        m_known.clear();
    }
    for (auto finding = m_page.rbegin(); finding != m_page.rend(); ++finding) {
        FindingCardRow row = cardOf(*finding);
        if (m_known.contains(row.key))
            continue;
        m_known.insert(row.key);
        m_single.push_back(std::move(row));
    }
    while (m_single.size() > FindingsMax) {
        m_known.remove(m_single.front().key);
        m_single.pop_front();
    }
    m_page.clear();
    m_first = false;
    askMatches();
}

void FindingsModel::askMatches()
{
    if (m_filter.isEmpty() || (m_filter == m_matchesFilter && m_countSeen == m_matchesCount))
        return askActions();
    Query query;
    query.filter = m_filter.toStdString();
    query.rowsMax = FindingsMax;
    query.oldestFirst = false;
    UiBridge &bridge = m_context.bridge();
    const auto matches = std::make_shared<QSet<QString>>();
    m_ticket = m_context.backend().findings(
        m_context.caller(), query, bridge.to(m_guard, [matches](const std::vector<Finding> &page) {
            for (const Finding &finding : page)
                matches->insert(exactText(finding.id));
        }),
        bridge.to(m_guard, [this, matches, asked = m_filter, count = m_countSeen](const Status &status) {
            if (!status && status.error().code != Error::Code::InvalidArgument)
                return fail(status.error());
            if (!status && asked == m_filter)
                m_filterProblem = shownText(status.error().message);
            if (status) {
                m_matches = *matches;
                m_matchesFilter = asked;
                m_matchesCount = count;
            }
            askActions();
        }));
}

void FindingsModel::askActions()
{
    m_suggested.clear();
    Query query;
    query.rowsMax = ActionsMax;
    query.oldestFirst = false;
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().actions(
        m_context.caller(), query, bridge.to(m_guard, [this](const std::vector<Action> &page) {
            for (const Action &action : page) {
                const QString finding = exactText(action.suggestion.findingId);
                if (!m_suggested.contains(finding)) // newest first
                    m_suggested.insert(finding, {exactText(action.displayId()),
                                                 shownText(action.suggestion.command, ShownNameMax), action.state});
            }
        }),
        bridge.to(m_guard, [this](const Status &status) { status ? show() : fail(status.error()); }));
}

/// Oldest first in, cards newest first out. O(findings).
std::vector<FindingCardRow> FindingsModel::makeRows() const
{
    std::vector<FindingCardRow> cards;
    QHash<QString, std::vector<std::size_t>> open; // by condition: cards not resolved
    for (const FindingCardRow &single : m_single) {
        std::vector<std::size_t> &same = open[single.condition];
        if (single.state == FindingState::Resolved && !same.empty()) {
            for (const std::size_t at : same) {
                cards[at].state = FindingState::Resolved;
                cards[at].resolvedBy = single.key;
                cards[at].resolvedAt = single.ts;
            }
            same.clear();
            continue;
        }
        // The newest card of the condition only, so that cards keep the order of what they show.
        if (!same.empty() && joins(cards[same.back()], single))
            continue;
        if (single.state != FindingState::Resolved)
            same.push_back(cards.size());
        cards.push_back(single);
    }
    for (FindingCardRow &card : cards) {
        for (const QString &id : card.ids) {
            if (const auto found = m_suggested.constFind(id); found != m_suggested.constEnd()) {
                card.suggestionId = found->id;
                card.suggestedCommand = found->command;
                card.suggestionState = found->state;
            }
        }
    }
    std::reverse(cards.begin(), cards.end());
    return cards;
}

void FindingsModel::show()
{
    std::vector<FindingCardRow> rows = makeRows();
    const bool isFiltered = !m_filter.isEmpty() && !m_matchesFilter.isEmpty();
    std::erase_if(rows, [&](const FindingCardRow &row) {
        const bool matches = !isFiltered || std::any_of(row.ids.begin(), row.ids.end(), [&](const QString &id) {
            return m_matches.contains(id);
        });
        return !matches || (m_openOnly && row.state == FindingState::Resolved);
    });
    m_open = static_cast<int>(std::count_if(
        rows.begin(), rows.end(), [](const FindingCardRow &row) { return row.state != FindingState::Resolved; }));
    replaceRows(std::move(rows));
    setState(count() > 0 ? Ready : m_context.change().running ? Learning : Empty);
    rank();
    Q_EMIT refreshed();
    Q_EMIT currentChanged();
    m_refresher.answered();
}

/// Of all findings known, whatever the filter. O(findings).
void FindingsModel::rank()
{
    const TimeSpan span = m_context.timeSpan();
    std::vector<Ranked> ranked;
    QHash<QString, std::size_t> places;
    for (const FindingCardRow &finding : m_single) {
        if (span.isEmpty() || finding.bits <= 0.0 || finding.state == FindingState::Resolved
            || raw(finding.ts) < span.fromNs || raw(finding.ts) >= span.toNs)
            continue;
        const EntityRef &entity = finding.entity;
        const auto place = places.constFind(entity.tenant + Separator + entity.type + Separator + entity.id);
        if (place == places.constEnd()) {
            places.insert(entity.tenant + Separator + entity.type + Separator + entity.id, ranked.size());
            ranked.push_back({entity, finding.target, finding.bits, 1});
            continue;
        }
        ranked[*place].bits += finding.bits;
        ++ranked[*place].findings;
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked &a, const Ranked &b) { return a.bits > b.bits; });
    if (ranked.size() > RankedMax)
        ranked.resize(RankedMax);
    m_ranked = std::move(ranked);
    Q_EMIT rankingChanged();
}

QString FindingsModel::currentId() const
{
    const int row = currentRow();
    return row < 0 ? QString() : allRows()[static_cast<std::size_t>(row)].ids.back();
}

bool FindingsModel::currentCanBeTaught() const
{
    const int row = currentRow();
    return row >= 0 && allRows()[static_cast<std::size_t>(row)].canBeTaught
        && allRows()[static_cast<std::size_t>(row)].state != FindingState::Resolved;
}

QVariantList FindingsModel::ranking() const
{
    QVariantList list;
    for (const Ranked &ranked : m_ranked)
        list.append(QVariantMap{{QStringLiteral("target"), ranked.target},
                                {QStringLiteral("bitsText"), shownBits(ranked.bits)},
                                {QStringLiteral("share"), ranked.bits / m_ranked.front().bits},
                                {QStringLiteral("findings"), ranked.findings}});
    return list;
}

void FindingsModel::selectRanked(int place)
{
    if (place >= 0 && place < static_cast<int>(m_ranked.size()))
        m_context.selectEntity(EntityRef(m_ranked[static_cast<std::size_t>(place)].entity));
}

void FindingsModel::fail(const Error &error)
{
    if (error.code == Error::Code::NotFound && m_context.change().events == 0)
        setState(Empty); // the workspace does not exist yet
    else if (error.code != Error::Code::Cancelled)
        setState(Failed, shownText(error.message), shownText(error.remedy));
    m_refresher.answered();
}

void FindingsModel::setFilter(const QString &text)
{
    const QString wanted = text.trimmed();
    if (wanted == m_filter)
        return;
    m_filter = wanted;
    m_filterProblem.clear();
    if (m_filter.isEmpty())
        m_matchesFilter.clear();
    Q_EMIT refreshed();
    refresh();
}

void FindingsModel::setOpenOnly(bool on)
{
    if (on == m_openOnly)
        return;
    m_openOnly = on;
    Q_EMIT refreshed();
    refresh();
}

int FindingsModel::currentRow() const
{
    const QString &id = m_context.findingId();
    if (id.isEmpty())
        return -1;
    const auto &rows = allRows();
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const FindingCardRow &row) { return row.ids.contains(id); });
    return found == rows.end() ? -1 : static_cast<int>(found - rows.begin());
}

void FindingsModel::select(int row)
{
    if (row < 0 || row >= count())
        return;
    const FindingCardRow card = rowAt(row);
    m_context.selectEntity(card.entity);
    m_context.selectFinding(card.key);
    if (!card.evidence.isEmpty())
        m_context.selectEvent(card.evidence.front());
}

void FindingsModel::selectNext()
{
    select(std::min(currentRow() + 1, count() - 1));
}

void FindingsModel::selectPrevious()
{
    select(std::max(currentRow() - 1, 0));
}

void FindingsModel::showSuggestion(int row)
{
    if (row < 0 || row >= count())
        return;
    const FindingCardRow card = rowAt(row);
    select(row);
    for (const QString &id : card.ids) { // the queue knows the one finding that led to the suggestion
        if (m_suggested.value(id, {}).id == card.suggestionId && !card.suggestionId.isEmpty())
            m_context.selectFinding(id);
    }
    m_context.showView(QStringLiteral("approvals"));
}

QString FindingsModel::eventsRead() const
{
    return shownCount(m_context.change().events);
}

QVariant FindingsModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const FindingCardRow &row = rowAt(index.row());
    switch (role) {
    case Qt::DisplayRole:
    case HeadlineRole: return row.headline;
    case FindingIdRole: return row.key;
    case OriginRole: return static_cast<int>(row.origin);
    case OriginNameRole: return exactText(toString(row.origin));
    case StateRole: return static_cast<int>(row.state);
    case StateNameRole: return exactText(toString(row.state));
    case SeverityRole: return row.severity;
    case BitsRole: return row.bits;
    case BitsTextRole: return row.terms.isEmpty() ? QString() : shownBits(row.bits);
    case TermsRole: return row.terms;
    case NameRole: return row.name;
    case MessageRole: return row.message;
    case TargetRole: return row.target;
    case TenantRole: return shownText(row.entity.tenant.toStdString(), ShownNameMax);
    default: return shownAt(row, role);
    }
}

QVariant FindingsModel::shownAt(const FindingCardRow &row, int role) const
{
    const WallNs clock = m_context.change().clock;
    switch (role) {
    case TimeRole: return shownTime(row.ts);
    case SinceRole: return row.since == row.ts ? QString() : shownTime(row.since);
    case AgeRole:
        return clock == NoTime || row.ts == NoTime || clock < row.ts ? QString() : shownDuration(clock - row.ts);
    case EvidenceCountRole: return static_cast<int>(row.evidence.size());
    case RepeatsRole: return row.repeats;
    case SuggestionIdRole: return row.suggestionId;
    case SuggestedCommandRole: return row.suggestedCommand;
    case SuggestionStateRole:
        return row.suggestionId.isEmpty()
            ? QString() : exactText(toString(row.suggestionState)).replace(QLatin1Char('_'), QLatin1Char(' '));
    case SuggestionWaitsRole: return !row.suggestionId.isEmpty() && row.suggestionState == ActionState::Proposed;
    case ResolvedByRole: return row.resolvedBy;
    case ResolvedAtRole: return shownTime(row.resolvedAt);
    case LastedRole:
        return row.resolvedAt == NoTime || row.since == NoTime ? QString() : shownDuration(row.resolvedAt - row.since);
    default: return {};
    }
}

QHash<int, QByteArray> FindingsModel::roleNames() const
{
    return {{FindingIdRole, "findingId"}, {OriginRole, "origin"}, {OriginNameRole, "originName"},
            {StateRole, "condition"}, {StateNameRole, "conditionName"}, {SeverityRole, "severity"},
            {BitsRole, "bits"}, {BitsTextRole, "bitsText"}, {TermsRole, "terms"}, {NameRole, "name"},
            {HeadlineRole, "headline"}, {MessageRole, "message"}, {TargetRole, "target"}, {TenantRole, "tenant"},
            {TimeRole, "time"}, {SinceRole, "since"}, {AgeRole, "age"}, {EvidenceCountRole, "evidenceCount"},
            {RepeatsRole, "repeats"}, {SuggestionIdRole, "suggestionId"},
            {SuggestedCommandRole, "suggestedCommand"}, {SuggestionStateRole, "suggestionState"},
            {SuggestionWaitsRole, "suggestionWaits"}, {ResolvedByRole, "resolvedBy"},
            {ResolvedAtRole, "resolvedAt"}, {LastedRole, "lasted"}};
}

} // namespace eventops
