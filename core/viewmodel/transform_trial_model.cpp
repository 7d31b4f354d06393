// SPDX-License-Identifier: MIT
#include "core/viewmodel/transform_trial_model.h"

#include "core/base/read_file.h"
#include "core/model/event.h"
#include "core/viewmodel/shown_text.h"

#include <QFile>

#include <algorithm>

namespace eventops {
namespace {

constexpr std::string_view RulesType = "JSONTransformer";

/// @p json over lines, two blanks a level; tokens stay as written. What is past the part that is shown is never made:
/// blanks of values that are nested deep are a thousand times the text.
QString indented(const std::string &json)
{
    constexpr std::size_t Enough = (static_cast<std::size_t>(ShownBlockMax) + 1) * 3; // bytes of UTF-8: shownBlock cuts
    std::string out;
    int depth = 0;
    bool inText = false;
    const auto newLine = [&] {
        out += '\n';
        out.append(static_cast<std::size_t>(depth) * 2, ' ');
    };
    for (std::size_t i = 0; i < json.size() && out.size() <= Enough; ++i) {
        const char c = json[i];
        if (inText) {
            out += c;
            if (c == '\\' && i + 1 < json.size())
                out += json[++i];
            inText = c != '"';
        } else if (c == '{' || c == '[') {
            out += c;
            ++depth;
            newLine();
        } else if (c == '}' || c == ']') {
            depth = std::max(depth - 1, 0);
            newLine();
            out += c;
        } else if (c == ',') {
            out += c;
            newLine();
        } else if (c == ':') {
            out += ": ";
        } else if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
            out += c;
            inText = c == '"';
        }
    }
    return shownBlock(out);
}

} // namespace

TransformTrialModel::TransformTrialModel(ViewContext &context, QObject *parent)
    : QAbstractTableModel(parent), m_context(context), m_tools(context.sourceTools())
{
}

void TransformTrialModel::reload()
{
    if (m_tools == nullptr)
        return;
    using Choices = Result<std::vector<TransformChoice>>;
    const auto done = m_context.bridge().to(m_guard, [this](const Choices &choices) {
        if (!choices)
            return m_context.tell(shownText(choices.error().text()), true);
        m_choices = choices.value();
        Q_EMIT choicesChanged();
    });
    m_worker.run(
        [tools = m_tools, tenants = m_context.caller().tenants, done] { done(transformChoices(*tools, tenants)); });
}

void TransformTrialModel::openFile(const QString &path)
{
    using Text = Result<std::string>;
    const auto done = m_context.bridge().to(m_guard, [this](const Text &text) {
        if (!text)
            return m_context.tell(shownText(text.error().text()), true);
        Q_EMIT bodyRead(QString::fromStdString(text.value()));
    });
    m_worker.run([path = QFile::encodeName(path).toStdString(), done] {
        Text text = readTextFile(path, static_cast<std::size_t>(BodyBytesMax));
        if (text && invalidUtf8At(text.value()) != std::string_view::npos)
            text = Error{Error::Code::InvalidInput, "is no text in UTF-8", {path, 0, 0}, "name a file of one event"};
        done(text);
    });
}

QString TransformTrialModel::choiceText(std::size_t choice) const
{
    const TransformChoice &one = m_choices[choice];
    const QString name = shownText(one.name, ShownNameMax);
    if (one.id == 0)
        return tr("%1 (shipped)").arg(name);
    const QString text = tr("%1 of %2").arg(name, shownText(one.source, ShownNameMax));
    return one.active ? text : tr("%1 (not active)").arg(text);
}

void TransformTrialModel::run(int choice, const QString &rules, const QString &source, const QString &body)
{
    const QByteArray bytes = body.toUtf8();
    if (bytes.size() > BodyBytesMax)
        return fail(tr("The event is longer than %1").arg(shownBytes(BodyBytesMax)));
    if (bytes.trimmed().isEmpty())
        return fail(tr("There is no event: paste its body"));
    TransformChoice asked;
    if (!rules.trimmed().isEmpty())
        asked.setup = {std::string(RulesType), rules.toStdString()};
    else if (m_tools == nullptr || choice < 0 || choice >= static_cast<int>(m_choices.size()))
        return fail(tr("No transformer is chosen"));
    else
        asked = m_choices[static_cast<std::size_t>(choice)];
    m_state = State::Running;
    m_status = tr("Transforming…");
    Q_EMIT stateChanged();
    m_runs.reset();
    const auto done = m_context.bridge().to(m_runs, [this](const Result<TransformerOutput> &output) {
        output ? show(output.value()) : fail(shownText(output.error().text()));
    });
    m_worker.run([tools = m_tools, asked, source = source.toStdString(), text = bytes.toStdString(), done] {
        done(tryTransformer(*tools, asked, source, text));
    });
}

void TransformTrialModel::fail(const QString &sentence)
{
    beginResetModel();
    m_rows.clear();
    endResetModel();
    m_state = State::Failed;
    m_status = sentence;
    Q_EMIT stateChanged();
}

void TransformTrialModel::show(const TransformerOutput &output)
{
    beginResetModel();
    m_rows.clear();
    for (const TransformerOutput::Processed &event : output.events)
        m_rows.push_back({tr("event"), shownText(event.type, ShownNameMax),
                          shownText(event.entity.value_or(""), ShownNameMax),
                          shownText(event.severity.value_or(""), ShownNameMax), shownText(event.message.value_or("")),
                          indented(event.data)});
    for (const TransformerOutput::EntityRef &entity : output.entities)
        m_rows.push_back(
            {tr("entity"), shownText(entity.type, ShownNameMax), shownText(entity.id, ShownNameMax), {}, {}, {}});
    for (const TransformerOutput::LinkRef &link : output.links)
        m_rows.push_back({tr("link"),
                          {},
                          shownText(link.source, ShownNameMax),
                          {},
                          tr("to %1").arg(shownText(link.target, ShownNameMax)),
                          {}});
    endResetModel();
    const auto counted = [](std::size_t count, const QString &one, const QString &more) {
        return count == 1 ? one : more.arg(count);
    };
    m_status = output.empty() ? tr("The transformer has nothing to say of this event.")
                              : tr("It would store %1, %2 and %3.")
                                    .arg(counted(output.events.size(), tr("1 event"), tr("%1 events")),
                                         counted(output.entities.size(), tr("1 entity"), tr("%1 entities")),
                                         counted(output.links.size(), tr("1 link"), tr("%1 links")));
    m_state = State::Done;
    Q_EMIT stateChanged();
}

QString TransformTrialModel::details(int row) const
{
    return row >= 0 && row < rowCount() ? m_rows[static_cast<std::size_t>(row)].details : QString();
}

int TransformTrialModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int TransformTrialModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant TransformTrialModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const Row &row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == SeverityRole)
        return static_cast<int>(severityFromText(row.severity.toStdString()));
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case KindColumn: return row.kind;
    case TypeColumn: return row.type;
    case EntityColumn: return row.entity;
    case SeverityColumn: return row.severity;
    case MessageColumn: return row.message;
    default: return {};
    }
}

QVariant TransformTrialModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case KindColumn: return tr("Stored as");
    case TypeColumn: return tr("Type");
    case EntityColumn: return tr("Entity");
    case SeverityColumn: return tr("Severity");
    case MessageColumn: return tr("Message");
    default: return {};
    }
}

} // namespace eventops
