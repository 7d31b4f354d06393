// SPDX-License-Identifier: MIT
#include "core/viewmodel/inspector_model.h"

#include "core/base/time.h"
#include "core/viewmodel/shown_text.h"
#include "core/viewmodel/view_context.h"

#include <QLocale>
#include <QStringDecoder>

#include <algorithm>

namespace eventops {
namespace {

constexpr char32_t Delete = 0x7f, Escape = 0x1b;

/// True for what has no shape of its own or changes that of its neighbours.
bool isHidden(char32_t c)
{
    switch (QChar::category(c)) {
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Other_Surrogate:
    case QChar::Other_NotAssigned:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph: return true;
    default: return false;
    }
}

QString escapeOf(char32_t c)
{
    switch (c) {
    case U'\n': return QStringLiteral("\\n");
    case U'\r': return QStringLiteral("\\r");
    case U'\t': return QStringLiteral("\\t");
    case Escape: return QStringLiteral("\\e");
    default: return QStringLiteral("\\u{%1}").arg(QString::number(static_cast<uint>(c), 16).toUpper());
    }
}

/// Length of the well-formed UTF-8 sequence at the beginning of @p bytes; 0: there is none. Qt's decoder judges.
std::size_t sequenceLength(std::string_view bytes)
{
    const auto lead = static_cast<unsigned char>(bytes.front());
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || length > bytes.size())
        return 0;
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString text = decoder.decode(QByteArrayView(bytes.data(), static_cast<qsizetype>(length)));
    return decoder.hasError() || text.isEmpty() ? 0 : length;
}

QString cell(std::string_view text)
{
    return escapedText(text, InspectorModel::CellMax);
}

QString entityText(std::string_view type, std::string_view id)
{
    return shownText(std::string(type) + (type.empty() ? "" : " ") + std::string(id), ShownNameMax);
}

} // namespace

QString escapedText(std::string_view bytes, qsizetype max)
{
    QString out;
    for (std::size_t at = 0; at < bytes.size();) {
        if (out.size() >= max)
            return out.left(max - 1) + QChar(0x2026);
        const std::size_t length = sequenceLength(bytes.substr(at));
        if (length == 0) {
            out += QStringLiteral("\\x%1").arg(static_cast<unsigned char>(bytes[at]), 2, 16, QLatin1Char('0'));
            ++at;
            continue;
        }
        const QString one = QString::fromUtf8(bytes.data() + at, static_cast<qsizetype>(length));
        const char32_t c = one.toUcs4().value(0);
        out += isHidden(c) ? escapeOf(c) : one;
        at += length;
    }
    return out;
}

QString hexLine(std::string_view bytes, quint64 offset, int bytesPerLine)
{
    QString line = QStringLiteral("%1  ").arg(offset, 6, 16, QLatin1Char('0'));
    QString text;
    for (int i = 0; i < bytesPerLine; ++i) {
        if (static_cast<std::size_t>(i) >= bytes.size()) {
            line += QStringLiteral("   ");
            continue;
        }
        const auto byte = static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
        line += QStringLiteral("%1 ").arg(byte, 2, 16, QLatin1Char('0'));
        text += byte >= 0x20 && byte < Delete ? QLatin1Char(static_cast<char>(byte)) : QLatin1Char('.');
    }
    return line + QLatin1Char(' ') + text;
}

bool InspectorModel::Node::sameAs(const Node &other) const
{
    return kind == other.kind && what == other.what && before == other.before && after == other.after
           && full == other.full && parent == other.parent;
}

/// Makes the nodes of a story.
class InspectorModel::Builder
{
public:
    Builder(const EventStory &story, int bytesPerLine) : m_story(story), m_bytesPerLine(bytesPerLine) {}

    void build()
    {
        addBytes();
        addSteps();
        addEvent();
        addFindings();
        addActions();
        addAudit();
    }
    std::vector<Node> nodes;
    std::vector<int> sections;

private:
    int add(int parent, Node node)
    {
        if (nodes.size() >= RowsMax)
            return parent;
        const int id = static_cast<int>(nodes.size());
        std::vector<int> &siblings = parent < 0 ? sections : nodes[static_cast<std::size_t>(parent)].children;
        node.parent = parent;
        node.row = static_cast<int>(siblings.size());
        siblings.push_back(id);
        nodes.push_back(std::move(node));
        return id;
    }
    int section(const QString &title, const QString &note)
    {
        return add(-1, {Kind::Section, title, note, {}, note, -1, 0});
    }
    void row(int parent, Kind kind, const QString &what, std::string_view before, std::string_view after)
    {
        const std::string_view full = after.empty() ? before : after;
        add(parent, {kind, what, cell(before), cell(after), escapedText(full, FullTextMax), parent, 0});
    }
    void field(int parent, const QString &name, std::string_view value)
    {
        if (!value.empty())
            row(parent, Kind::Field, name, {}, value);
    }

    void addBytes()
    {
        QString note = tr("this workspace keeps no raw records");
        if (m_story.rawSize > 0) {
            const QString size = shownBytes(m_story.rawSize);
            const std::string_view title = m_story.sourceTitle;
            const std::string_view name = title.substr(title.find_last_of('/') + 1); // npos + 1 is 0
            note = name.empty() ? size : tr("%1 from %2").arg(size, shownText(name, ShownNameMax));
            if (m_story.rawBytes.size() < m_story.rawSize)
                note += tr(", the first %1 are shown").arg(shownBytes(m_story.rawBytes.size()));
        }
        if (m_story.redacted)
            note += tr(", redacted as the mapping asks");
        const int parent = section(tr("Raw bytes"), note);
        const std::string_view bytes = m_story.rawBytes;
        if (!bytes.empty())
            row(parent, Kind::Field, tr("as text"), {}, bytes);
        for (std::size_t at = 0; at < bytes.size(); at += static_cast<std::size_t>(m_bytesPerLine)) {
            const std::string_view part = bytes.substr(at, static_cast<std::size_t>(m_bytesPerLine));
            add(parent,
                {Kind::Bytes, hexLine(part, at, m_bytesPerLine), {}, {}, escapedText(part, CellMax), parent, 0});
        }
    }

    void addSteps()
    {
        for (const StoryStep &step : m_story.steps) {
            const int parent = section(shownText(step.stage, ShownNameMax), shownText(step.note));
            for (const StoryStep::Change &change : step.changes)
                row(parent, Kind::Change, shownText(change.field, ShownNameMax), change.before, change.after);
        }
    }

    void addEvent()
    {
        if (m_story.event.rows.empty())
            return;
        const Batch &batch = m_story.event.batch;
        const Event &event = batch.events[m_story.event.rows.front()];
        const int parent = section(tr("Stored event"), tr("number %1 in the ledger").arg(shownCount(m_story.place)));
        field(parent, QStringLiteral("ts_event"),
              event.tsEvent == NoTime ? std::string() : formatTimestamp(event.tsEvent));
        field(parent, QStringLiteral("severity"), severityName(static_cast<std::uint8_t>(event.severity)));
        if (event.hasValue)
            field(parent, QStringLiteral("value"),
                  QString::number(event.value, 'g', QLocale::FloatingPointShortest).toStdString());
        for (std::size_t i = 0; i < FieldCount; ++i) {
            const Field name = static_cast<Field>(i);
            field(parent, shownText(toString(name)), batch.text(event, name));
        }
    }

    void addFindings()
    {
        if (m_story.findings.empty())
            return void(section(tr("Findings"), tr("none name this event as evidence")));
        const int parent = section(tr("Findings"), tr("%1 name this event as evidence").arg(m_story.findings.size()));
        for (const Finding &finding : m_story.findings) {
            Node node{
                Kind::Finding, cell(finding.message), {}, {}, escapedText(finding.message, FullTextMax), parent, 0};
            node.bits = finding.bits;
            node.severity = static_cast<int>(finding.severity);
            const int id = add(parent, std::move(node));
            for (const BitsTerm &term : finding.terms) {
                // Without an observation it is another view of what the term before it tells.
                const std::string seen = (term.observed.empty() ? term.context : term.observed) + " · "
                                       + shownBits(term.bits).toStdString() + " bits";
                Node summand{Kind::Term, shownText(term.name, ShownNameMax),     cell(term.expected),
                             cell(seen), escapedText(term.context, FullTextMax), id,
                             0};
                summand.bits = term.bits;
                add(id, std::move(summand));
            }
        }
    }

    void addActions()
    {
        if (m_story.actions.empty())
            return void(section(tr("Actions"), tr("none was suggested because of it")));
        const int parent = section(tr("Actions"), tr("%1 suggested because of it").arg(m_story.actions.size()));
        for (const Action &action : m_story.actions) {
            const Suggestion &s = action.suggestion;
            const QString target = entityText(s.entityType, s.entityId);
            const int id = add(parent, {Kind::Action,
                                        tr("%1 on %2").arg(shownText(s.command, ShownNameMax), target),
                                        {},
                                        shownText(toString(action.state)),
                                        escapedText(s.reason, FullTextMax),
                                        parent,
                                        0});
            field(id, tr("why"), s.reason);
            field(id, tr("arguments"), s.args);
            field(id, tr("policy"), s.policy);
            field(id, tr("decided by"), action.approver);
            field(id, tr("because"), action.decisionReason);
            field(id, tr("output"), action.output);
        }
    }

    void addAudit()
    {
        if (m_story.audit.empty())
            return;
        const int parent = section(tr("Audit"), tr("%1 rows of the chain").arg(m_story.audit.size()));
        for (const AuditRow &audit : m_story.audit) {
            const std::string who = audit.verb + " by " + audit.actor;
            add(parent, {Kind::Audit, tr("%1  %2").arg(audit.number).arg(shownTime(audit.at)), cell(who),
                         cell(audit.detail), escapedText(audit.detail, FullTextMax), parent, 0});
        }
    }

    const EventStory &m_story;
    const int m_bytesPerLine;
};

InspectorModel::InspectorModel(ViewContext &context, QObject *parent) : QAbstractItemModel(parent), m_context(context)
{
    m_refresh.setSingleShot(true);
    m_refresh.setInterval(RefreshMs);
    connect(&context, &ViewContext::eventSelected, this, &InspectorModel::load);
    // What comes of an event is known only later.
    connect(&context, &ViewContext::changed, this, [this](const Change &change) {
        if (m_state == State::Ready && change.findings + change.suggestions + change.events != m_known
            && !m_refresh.isActive())
            m_refresh.start();
    });
    connect(&m_refresh, &QTimer::timeout, this, [this] {
        if (m_state == State::Ready)
            load(m_eventId);
    });
    if (!context.eventId().isEmpty())
        load(context.eventId());
}

InspectorModel::~InspectorModel()
{
    m_ticket.cancel();
}

void InspectorModel::load(const QString &eventId)
{
    m_ticket.cancel();
    m_guard.reset();
    if (eventId.isEmpty()) {
        m_story = {};
        m_eventId.clear();
        rebuild();
        return setState(State::Empty);
    }
    const bool again = eventId == m_eventId && m_state == State::Ready;
    m_eventId = eventId;
    const Change &change = m_context.change();
    m_known = change.findings + change.suggestions + change.events;
    if (!again)
        setState(State::Loading);
    m_ticket = m_context.backend().story(
        m_context.caller(), eventId.toStdString(),
        m_context.bridge().to(m_guard, [this](Result<EventStory> result) { take(std::move(result)); }));
}

void InspectorModel::take(Result<EventStory> result)
{
    if (!result) {
        m_error = shownText(result.error().text());
        m_story = {};
        rebuild();
        return setState(State::Failed);
    }
    m_story = std::move(result).value();
    m_title = tr("One event");
    m_subtitle.clear();
    if (!m_story.event.rows.empty()) {
        const Batch &batch = m_story.event.batch;
        const Event &event = batch.events[m_story.event.rows.front()];
        const std::string_view step = batch.text(event, Field::Step);
        m_title = entityText(batch.text(event, Field::EntityType), batch.text(event, Field::EntityId));
        m_title +=
            QStringLiteral(" · ") + shownText(step.empty() ? batch.text(event, Field::Type) : step, ShownNameMax);
        m_subtitle =
            tr("%1 UTC · %2").arg(shownTime(event.tsEvent), shownText(batch.text(event, Field::Tenant), ShownNameMax));
    }
    rebuild();
    setState(State::Ready);
}

void InspectorModel::rebuild()
{
    Builder builder(m_story, m_bytesPerLine);
    if (!m_eventId.isEmpty() && (!m_story.event.rows.empty() || !m_story.steps.empty() || m_story.rawSize > 0))
        builder.build();
    const bool same = std::equal(builder.nodes.begin(), builder.nodes.end(), m_nodes.begin(), m_nodes.end(),
                                 [](const Node &a, const Node &b) { return a.sameAs(b); });
    if (same)
        return; // what a person has opened stays as it is
    beginResetModel();
    m_nodes = std::move(builder.nodes);
    m_sections = std::move(builder.sections);
    endResetModel();
}

void InspectorModel::setState(State state)
{
    m_state = state;
    Q_EMIT stateChanged();
}

void InspectorModel::setBytesPerLine(int bytes)
{
    if (bytes == m_bytesPerLine)
        return;
    m_bytesPerLine = bytes;
    rebuild();
}

QModelIndex InspectorModel::index(int row, int column, const QModelIndex &parent) const
{
    if (!hasIndex(row, column, parent))
        return {};
    const std::vector<int> &siblings =
        parent.isValid() ? m_nodes[static_cast<std::size_t>(parent.internalId())].children : m_sections;
    return createIndex(row, column, static_cast<quintptr>(siblings[static_cast<std::size_t>(row)]));
}

QModelIndex InspectorModel::parent(const QModelIndex &child) const
{
    if (!child.isValid())
        return {};
    const int id = m_nodes[static_cast<std::size_t>(child.internalId())].parent;
    return id < 0 ? QModelIndex()
                  : createIndex(m_nodes[static_cast<std::size_t>(id)].row, 0, static_cast<quintptr>(id));
}

int InspectorModel::rowCount(const QModelIndex &parent) const
{
    if (!parent.isValid())
        return static_cast<int>(m_sections.size());
    return parent.column() > 0
               ? 0
               : static_cast<int>(m_nodes[static_cast<std::size_t>(parent.internalId())].children.size());
}

int InspectorModel::columnCount(const QModelIndex &) const
{
    return 3;
}

QVariant InspectorModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const Node &node = m_nodes[static_cast<std::size_t>(index.internalId())];
    switch (role) {
    case Qt::DisplayRole: return index.column() == 0 ? node.what : index.column() == 1 ? node.before : node.after;
    case Qt::AccessibleTextRole: return node.what + QLatin1Char(' ') + node.before + QLatin1Char(' ') + node.after;
    case KindRole: return QVariant::fromValue(node.kind);
    case FullTextRole: return node.full;
    case BitsRole: return node.bits;
    case SeverityRole: return node.severity;
    default: return {};
    }
}

QVariant InspectorModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    return section == 0 ? tr("What") : section == 1 ? tr("Before, expected") : tr("After, seen");
}

} // namespace eventops
