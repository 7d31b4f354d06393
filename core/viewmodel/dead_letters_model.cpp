// SPDX-License-Identifier: MIT
#include "core/viewmodel/dead_letters_model.h"

#include "core/viewmodel/shown_text.h"

namespace eventops {
namespace {

DeadLetterItem itemOf(const DeadLetterRow &letter)
{
    DeadLetterItem item;
    item.key = QString::number(letter.id);
    item.id = letter.id;
    item.reason = shownText(letter.reason, ShownNameMax);
    item.detail = shownText(letter.detail);
    item.source = shownText(letter.sourceTitle.empty() ? letter.sourceKey : letter.sourceTitle, ShownNameMax);
    item.preview = shownText(letter.bytes);
    item.position = letter.position;
    item.size = letter.size;
    item.waiting = letter.state == "waiting";
    return item;
}

} // namespace

DeadLettersModel::DeadLettersModel(ViewContext &context, QObject *parent)
    : RowListModel(parent), m_context(context), m_refresher([this] { ask(); })
{
    connect(&m_context, &ViewContext::changed, this, [this] {
        if (m_open)
            refresh();
    });
}

DeadLettersModel::~DeadLettersModel()
{
    m_ticket.cancel();
}

void DeadLettersModel::open()
{
    m_open = true;
    refresh();
}

void DeadLettersModel::refresh()
{
    m_refresher.request();
}

void DeadLettersModel::ask()
{
    m_page.clear();
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().deadLetters(
        m_context.caller(), LettersMax, bridge.to(m_guard, [this](const std::vector<DeadLetterRow> &page) {
            for (const DeadLetterRow &letter : page) {
                DeadLetterItem item = itemOf(letter);
                item.trouble = m_troubles.value(item.id);
                item.busy = m_busy.contains(item.id);
                if (m_page.size() < LettersMax)
                    m_page.push_back(std::move(item));
            }
        }),
        bridge.to(m_guard, [this](const Status &status) {
            if (status) {
                replaceRows(std::move(m_page));
                setState(count() > 0 ? Ready : Empty);
            } else if (status.error().code == Error::Code::NotFound) {
                setState(Empty);
            } else if (status.error().code != Error::Code::Cancelled) {
                setState(Failed, shownText(status.error().message), shownText(status.error().remedy));
            }
            m_page.clear();
            m_refresher.answered();
        }));
}

void DeadLettersModel::redrive(int row, const QString &format)
{
    if (row < 0 || row >= count() || !rowAt(row).waiting || m_busy.contains(rowAt(row).id))
        return;
    const qint64 id = rowAt(row).id;
    m_busy.insert(id);
    m_troubles.remove(id);
    refresh();
    m_context.backend().redrive(m_context.caller(), id, format.toStdString(),
                                m_context.bridge().to(m_guard, [this, id](const Status &status) {
                                    finish(id, status);
                                }));
}

void DeadLettersModel::finish(qint64 id, const Status &status)
{
    m_busy.remove(id);
    if (!status && status.error().code != Error::Code::Cancelled) {
        m_troubles.insert(id, shownText(status.error().text()));
        m_context.tell(QStringLiteral("Dead letter %1: %2").arg(id).arg(m_troubles.value(id)), true);
    } else if (status) {
        m_context.tell(QStringLiteral("Dead letter %1 became events").arg(id));
        Q_EMIT redriven(id);
    }
    refresh();
}

QVariant DeadLettersModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const DeadLetterItem &item = rowAt(index.row());
    switch (role) {
    case Qt::DisplayRole:
    case ReasonRole: return item.reason;
    case IdRole: return item.id;
    case DetailRole: return item.detail;
    case SourceRole: return item.source;
    case PositionRole: return shownCount(item.position);
    case SizeRole: return shownBytes(item.size);
    case PreviewRole: return item.preview;
    case WaitingRole: return item.waiting;
    case TroubleRole: return item.trouble;
    case BusyRole: return item.busy;
    default: return {};
    }
}

QHash<int, QByteArray> DeadLettersModel::roleNames() const
{
    return {{IdRole, "letterId"}, {ReasonRole, "reason"}, {DetailRole, "detail"}, {SourceRole, "source"},
            {PositionRole, "position"}, {SizeRole, "size"}, {PreviewRole, "preview"}, {WaitingRole, "waiting"},
            {TroubleRole, "trouble"}, {BusyRole, "busy"}};
}

} // namespace eventops
