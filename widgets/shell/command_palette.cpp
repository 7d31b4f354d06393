// SPDX-License-Identifier: MIT
#include "widgets/shell/command_palette.h"

#include "widgets/theme/theme.h"

#include <QAction>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace eventops {

int matchScore(const QString &wanted, const QString &text)
{
    constexpr int WordStart = 8, Run = 4, Letter = 1;
    int score = 1;
    qsizetype at = 0;
    bool inRun = false;
    for (const QChar c : wanted) {
        if (c.isSpace())
            continue;
        const qsizetype found = text.indexOf(c, at, Qt::CaseInsensitive);
        if (found < 0)
            return 0;
        const bool start = found == 0 || !text[found - 1].isLetterOrNumber();
        inRun = inRun && found == at;
        score += start ? WordStart : inRun ? Run : Letter;
        inRun = true;
        at = found + 1;
    }
    return score;
}

CommandPalette::CommandPalette(QWidget *parent)
    : QFrame(parent), m_input(new QLineEdit(this)), m_list(new QListWidget(this))
{
    setObjectName(QStringLiteral("overlay"));
    setAccessibleName(tr("Command palette"));
    auto *column = new QVBoxLayout(this);
    const int space = themeMetric("space2");
    column->setContentsMargins(space, space, space, space);
    column->setSpacing(space);
    m_input->setPlaceholderText(tr("Type a command or the name of a view"));
    m_input->setAccessibleName(tr("Command"));
    m_input->installEventFilter(this);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    m_list->setIconSize({themeMetric("iconSize"), themeMetric("iconSize")});
    column->addWidget(m_input);
    column->addWidget(m_list, 1);
    connect(m_input, &QLineEdit::textChanged, this, &CommandPalette::refill);
    connect(m_input, &QLineEdit::returnPressed, this, &CommandPalette::run);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::run);
    hide();
}

void CommandPalette::open(const std::vector<QAction *> &actions)
{
    m_actions.assign(actions.begin(), actions.end());
    if (!isVisible())
        m_focusBefore = window()->focusWidget();
    m_input->clear();
    refill();
    const QSize room = parentWidget()->size();
    const QSize size = QSize(themeMetric("paletteWidth"), themeMetric("paletteHeight")).boundedTo(room);
    setGeometry((room.width() - size.width()) / 2, (room.height() - size.height()) / 4, size.width(), size.height());
    show();
    raise();
    m_input->setFocus(Qt::ShortcutFocusReason);
}

void CommandPalette::refill()
{
    struct Found {
        int score;
        QAction *action;
    };
    std::vector<Found> found;
    for (const QPointer<QAction> &action : m_actions) {
        if (action.isNull() || !action->isEnabled())
            continue;
        if (const int score = matchScore(m_input->text(), action->text().remove(QLatin1Char('&'))); score > 0)
            found.push_back({score, action.data()});
    }
    std::stable_sort(found.begin(), found.end(), [](const Found &a, const Found &b) { return a.score > b.score; });
    m_list->clear();
    for (const Found &entry : found) {
        if (m_list->count() == CommandsShownMax)
            break;
        QString text = entry.action->text().remove(QLatin1Char('&'));
        if (const QString keys = entry.action->shortcut().toString(QKeySequence::NativeText); !keys.isEmpty())
            text += QStringLiteral("   (%1)").arg(keys);
        auto *item = new QListWidgetItem(entry.action->icon(), text, m_list);
        item->setData(Qt::UserRole, QVariant::fromValue<QObject *>(entry.action));
        item->setSizeHint({0, themeMetric("rowHeight")});
    }
    m_list->setCurrentRow(0);
}

void CommandPalette::run()
{
    const QListWidgetItem *item = m_list->currentItem();
    const QPointer<QAction> action =
        item == nullptr ? nullptr : qobject_cast<QAction *>(item->data(Qt::UserRole).value<QObject *>());
    dismiss();
    if (!action.isNull())
        action->trigger();
}

void CommandPalette::dismiss()
{
    hide();
    if (!m_focusBefore.isNull())
        m_focusBefore->setFocus(Qt::OtherFocusReason);
}

bool CommandPalette::eventFilter(QObject *object, QEvent *event)
{
    if (event->type() == QEvent::FocusOut && isVisible())
        hide();
    if (event->type() != QEvent::KeyPress)
        return QFrame::eventFilter(object, event);
    const int key = static_cast<QKeyEvent *>(event)->key();
    const int rows = m_list->count();
    switch (key) {
    case Qt::Key_Escape: dismiss(); return true;
    case Qt::Key_Down:
        if (rows > 0)
            m_list->setCurrentRow((m_list->currentRow() + 1) % rows);
        return true;
    case Qt::Key_Up:
        if (rows > 0)
            m_list->setCurrentRow((m_list->currentRow() + rows - 1) % rows);
        return true;
    default: return QFrame::eventFilter(object, event);
    }
}

} // namespace eventops
