// SPDX-License-Identifier: MIT
#include "core/viewmodel/what_if_model.h"

#include "core/viewmodel/finding_text.h"
#include "core/viewmodel/shown_text.h"

#include <QFile>
#include <QFileInfo>
#include <QStringList>

#include <algorithm>
#include <type_traits>

namespace eventops {
namespace {

constexpr qint64 PipelineFileBytesMax = 16 << 20;

QString placeText(const Location &where)
{
    if (where.file.empty())
        return {};
    const QString file = QFileInfo(QFile::decodeName(QByteArray::fromStdString(where.file))).fileName();
    return where.line == 0 ? file : QStringLiteral("%1:%2").arg(file).arg(where.line);
}

QString editText(const SettingChange &edit)
{
    const auto value = [](const std::string &text) {
        return text.empty() ? WhatIfModel::tr("nothing") : shownText(text);
    };
    return WhatIfModel::tr("%1  %2 → %3  %4")
        .arg(placeText(edit.where), value(edit.before), value(edit.after), shownText(edit.path));
}

QString differenceText(DecisionDifference difference)
{
    switch (difference) {
    case DecisionDifference::Added: return WhatIfModel::tr("added");
    case DecisionDifference::Removed: return WhatIfModel::tr("removed");
    case DecisionDifference::Moved: return WhatIfModel::tr("moved");
    case DecisionDifference::Changed: return WhatIfModel::tr("changed");
    }
    return {};
}

QString decisionText(const Finding &finding)
{
    return shownHeadline(finding);
}

QString decisionText(const Suggestion &suggestion)
{
    return WhatIfModel::tr("%1 on %2 (%3)")
        .arg(shownText(suggestion.command, ShownNameMax), shownText(suggestion.entityId, ShownNameMax),
             shownText(suggestion.policy, ShownNameMax));
}

WallNs timeOf(const Finding &finding) { return finding.ts; }
WallNs timeOf(const Suggestion &suggestion) { return suggestion.proposedAt; }
int severityOf(const Finding &finding) { return static_cast<int>(finding.severity); }
int severityOf(const Suggestion &) { return 0; }
QString idOf(const Finding &finding) { return exactText(finding.id); }
QString idOf(const Suggestion &suggestion) { return exactText(suggestion.findingId); }

QString digestLines(const std::vector<StageDigest> &digests)
{
    constexpr int DigestShown = 16;
    QStringList lines;
    for (const StageDigest &stage : digests)
        lines << QStringLiteral("  %1  %2  %3…")
                     .arg(shownText(stage.stage, ShownNameMax), -16)
                     .arg(shownCount(stage.outputs), 12)
                     .arg(exactText(stage.digest).left(DigestShown));
    return lines.join(QLatin1Char('\n'));
}

} // namespace

WhatIfModel::WhatIfModel(ViewContext &context, QObject *parent) : QAbstractTableModel(parent), m_context(context) {}

WhatIfModel::~WhatIfModel()
{
    m_ticket.cancel();
}

void WhatIfModel::begin(const QString &status)
{
    m_ticket.cancel();
    m_guard.reset();
    beginResetModel();
    m_rows.clear();
    endResetModel();
    m_edits.clear();
    m_part = -1.0;
    m_state = State::Running;
    m_status = status;
    Q_EMIT stateChanged();
}

void WhatIfModel::compare(const QString &pipelineFile)
{
    begin(tr("Running the past again with %1…").arg(QFileInfo(pipelineFile).fileName()));
    const auto done = m_context.bridge().to(m_guard, [this](const Result<RerunQuery> &query) {
        if (query)
            ask(query.value());
        else
            fail(shownText(query.error().text()));
    });
    m_worker.run([pipelineFile, done] {
        QFile file(pipelineFile);
        RerunQuery query;
        query.pipelineName = QFile::encodeName(pipelineFile).toStdString();
        if (!file.open(QIODevice::ReadOnly))
            return done(Error{Error::Code::NotFound, "cannot open the file", {query.pipelineName, 0, 0}});
        if (file.size() > PipelineFileBytesMax)
            return done(Error{Error::Code::LimitExceeded, "this is too large for a pipeline",
                              {query.pipelineName, 0, 0}, "name a pipeline file"});
        query.pipelineText = file.readAll().toStdString();
        done(std::move(query));
    });
}

std::function<void(RerunProgress)> WhatIfModel::onProgress()
{
    return m_context.bridge().to(m_guard, [this](const RerunProgress &progress) {
        if (progress.eventsTotal > 0)
            m_part = static_cast<double>(progress.events) / static_cast<double>(progress.eventsTotal);
        Q_EMIT progressChanged();
    });
}

void WhatIfModel::ask(RerunQuery query)
{
    m_ticket = m_context.backend().decisionDiff(m_context.caller(), query, onProgress(),
                                                m_context.bridge().to(m_guard, [this](Result<DecisionDiff> diff) {
                                                    diff ? show(diff.value()) : fail(shownText(diff.error().text()));
                                                }));
}

void WhatIfModel::checkHistory()
{
    begin(tr("Running the past again…"));
    m_ticket = m_context.backend().checkHistory(m_context.caller(), onProgress(),
                                                m_context.bridge().to(m_guard, [this](Result<RerunCheck> check) {
                                                    check ? show(check.value()) : fail(shownText(check.error().text()));
                                                }));
}

void WhatIfModel::cancel()
{
    m_ticket.cancel();
}

void WhatIfModel::fail(const QString &sentence)
{
    m_state = State::Failed;
    m_status = sentence;
    Q_EMIT stateChanged();
}

template <typename Decision>
void WhatIfModel::add(const std::vector<DecisionChange<Decision>> &changes, const std::vector<SettingChange> &edits)
{
    for (const DecisionChange<Decision> &change : changes) {
        const Decision &shown = change.after ? *change.after : *change.before;
        Row row;
        row.difference = change.difference;
        row.isFinding = std::is_same_v<Decision, Finding>;
        row.severity = severityOf(shown);
        row.time = timeOf(shown);
        row.decision = decisionText(shown);
        QStringList lines;
        for (const std::string &field : change.fields)
            lines << shownText(field);
        for (const std::size_t cause : change.causes) {
            if (row.cause.isEmpty())
                row.cause = editText(edits[cause]);
            lines << tr("because of %1").arg(editText(edits[cause]));
        }
        if (change.causes.empty())
            lines << tr("No single edit makes it: it takes several together.");
        else if (change.causes.size() > 1)
            row.cause = tr("%1 (and %2 more)").arg(row.cause).arg(change.causes.size() - 1);
        row.details = lines.join(QLatin1Char('\n'));
        if (change.before)
            row.findingId = idOf(*change.before);
        m_rows.push_back(std::move(row));
    }
}

void WhatIfModel::show(const DecisionDiff &diff)
{
    beginResetModel();
    add(diff.findings, diff.edits);
    add(diff.suggestions, diff.edits);
    std::stable_sort(m_rows.begin(), m_rows.end(), [](const Row &a, const Row &b) { return a.time < b.time; });
    endResetModel();
    QStringList lines;
    for (const SettingChange &edit : diff.edits)
        lines << editText(edit);
    m_edits = lines.join(QLatin1Char('\n'));
    const QString edits = diff.edits.size() == 1 ? tr("1 edit") : tr("%1 edits").arg(shownCount(diff.edits.size()));
    const QString scope = tr("%1 over %2 events: findings %3 → %4, suggestions %5 → %6")
                              .arg(edits, shownCount(diff.events),
                                   shownCount(diff.findingsBefore), shownCount(diff.findingsAfter),
                                   shownCount(diff.suggestionsBefore), shownCount(diff.suggestionsAfter));
    m_status = diff.empty() ? tr("No decision differs. %1").arg(scope) : scope;
    if (!diff.recorded)
        m_status += tr(". Several pipelines made this past, so the last one was run again, too");
    m_state = State::Done;
    Q_EMIT stateChanged();
}

void WhatIfModel::show(const RerunCheck &check)
{
    const QString from =
        check.from == PipelinePart::Records ? tr("from the raw records on") : tr("from the stored events on");
    m_status = check.equal() ? tr("The past comes out again as it is recorded, bit for bit, %1.").arg(from)
                             : tr("The past comes out otherwise than it is recorded, %1.").arg(from);
    m_edits = tr("Recorded\n%1\nRun again\n%2\nStages\n%3")
                  .arg(digestLines(check.recorded), digestLines(check.rerun), digestLines(check.stages));
    m_state = check.equal() ? State::Done : State::Failed;
    Q_EMIT stateChanged();
}

QString WhatIfModel::details(int row) const
{
    return row >= 0 && row < rowCount() ? m_rows[static_cast<std::size_t>(row)].details : QString();
}

QString WhatIfModel::findingId(int row) const
{
    return row >= 0 && row < rowCount() ? m_rows[static_cast<std::size_t>(row)].findingId : QString();
}

int WhatIfModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int WhatIfModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant WhatIfModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const Row &row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == SeverityRole)
        return row.severity;
    if (role == SignRole)
        return row.difference == DecisionDifference::Added ? 1 : row.difference == DecisionDifference::Removed ? -1 : 0;
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case DifferenceColumn: return differenceText(row.difference);
    case KindColumn: return row.isFinding ? tr("finding") : tr("suggestion");
    case TimeColumn: return shownTime(row.time);
    case DecisionColumn: return row.decision;
    case CauseColumn: return row.cause;
    default: return {};
    }
}

QVariant WhatIfModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case DifferenceColumn: return tr("Difference");
    case KindColumn: return tr("Kind");
    case TimeColumn: return tr("Event time");
    case DecisionColumn: return tr("Decision");
    case CauseColumn: return tr("Because of");
    default: return {};
    }
}

} // namespace eventops
