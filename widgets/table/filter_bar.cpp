// SPDX-License-Identifier: MIT
#include "widgets/table/filter_bar.h"

#include "widgets/theme/theme.h"

#include <QAbstractItemView>
#include <QAction>
#include <QCompleter>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QStringListModel>
#include <QVBoxLayout>

#include <algorithm>

namespace eventops {
namespace {

constexpr int FilterCharactersMax = 16 * 1'024;

bool isNameCharacter(QChar c)
{
    return c.isLetterOrNumber() || c == QLatin1Char('_') || c == QLatin1Char('.');
}

} // namespace

FilterBar::FilterBar(const QStringList &names, QWidget *parent)
    : QWidget(parent), m_edit(new QLineEdit(this)), m_problem(new QLabel(this)), m_completer(new QCompleter(this))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(themeMetric("space1"));
    m_edit->setPlaceholderText(tr("Filter: severity >= warning and entity.type = Host and \"connection reset\""));
    m_edit->setAccessibleName(tr("Filter of events"));
    m_edit->setMaxLength(FilterCharactersMax);
    m_edit->setClearButtonEnabled(true);
    m_edit->installEventFilter(this);
    column->addWidget(m_edit);
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setWordWrap(true);
    m_problem->hide();
    column->addWidget(m_problem);
    m_completer->setModel(new QStringListModel(names, m_completer));
    m_completer->setWidget(m_edit);
    m_completer->setCaseSensitivity(Qt::CaseInsensitive);
    connect(m_completer, qOverload<const QString &>(&QCompleter::activated), this, &FilterBar::insertCompletion);
    connect(m_edit, &QLineEdit::textEdited, this, [this] {
        setProblem({}, 0);
        complete();
    });
}

QString FilterBar::text() const
{
    return m_edit->text();
}

void FilterBar::setText(const QString &filter)
{
    m_applied = filter;
    if (m_edit->text() != filter)
        m_edit->setText(filter);
}

void FilterBar::setProblem(const QString &problem, int column)
{
    m_problem->setVisible(!problem.isEmpty());
    if (problem.isEmpty())
        return;
    QPalette palette = m_problem->palette();
    palette.setColor(QPalette::WindowText, themeColor("severityError"));
    m_problem->setPalette(palette);
    m_problem->setText(column > 0 ? tr("Column %1: %2").arg(column).arg(problem) : problem);
    if (column > 0)
        m_edit->setCursorPosition(column - 1);
}

void FilterBar::focusEdit()
{
    m_edit->setFocus(Qt::ShortcutFocusReason);
    m_edit->selectAll();
}

int FilterBar::wordStart() const
{
    const QString text = m_edit->text();
    int start = m_edit->cursorPosition();
    while (start > 0 && isNameCharacter(text[start - 1]))
        --start;
    return start;
}

void FilterBar::complete()
{
    const int start = wordStart();
    const QString text = m_edit->text();
    const QString word = text.mid(start, m_edit->cursorPosition() - start);
    // Inside quotes nothing is a name.
    const bool quoted = text.left(start).count(QLatin1Char('"')) % 2 == 1;
    m_completer->setCompletionPrefix(word);
    const bool isWhole = m_completer->completionCount() == 1 && m_completer->currentCompletion() == word;
    if (word.isEmpty() || quoted || isWhole || m_completer->completionCount() == 0) {
        m_completer->popup()->hide();
        return;
    }
    QRect at = m_edit->inputMethodQuery(Qt::ImCursorRectangle).toRect();
    at.setWidth(m_completer->popup()->sizeHintForColumn(0) + 2 * themeMetric("space5"));
    m_completer->complete(at);
}

void FilterBar::insertCompletion(const QString &name)
{
    const int start = wordStart();
    QString text = m_edit->text();
    text.replace(start, m_edit->cursorPosition() - start, name);
    m_edit->setText(text);
    m_edit->setCursorPosition(start + static_cast<int>(name.size()));
}

void FilterBar::apply()
{
    const QString filter = m_edit->text();
    m_applied = filter;
    if (!filter.trimmed().isEmpty()) {
        m_history.removeAll(filter);
        m_history << filter;
        while (m_history.size() > HistoryMax)
            m_history.removeFirst();
    }
    m_recalled = m_history.size();
    Q_EMIT applied(filter);
}

void FilterBar::recall(int step)
{
    m_recalled = std::clamp<qsizetype>(m_recalled + step, 0, m_history.size());
    m_edit->setText(m_recalled < m_history.size() ? m_history[m_recalled] : QString());
    setProblem({}, 0);
}

bool FilterBar::eventFilter(QObject *object, QEvent *event)
{
    if (object != m_edit || event->type() != QEvent::KeyPress || m_completer->popup()->isVisible())
        return QWidget::eventFilter(object, event);
    const auto *key = static_cast<QKeyEvent *>(event);
    switch (key->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter: apply(); return true;
    case Qt::Key_Up: recall(-1); return true;
    case Qt::Key_Down: recall(1); return true;
    case Qt::Key_Escape:
        if (m_edit->text() == m_applied)
            return false;
        m_edit->setText(m_applied);
        setProblem({}, 0);
        return true;
    default: return QWidget::eventFilter(object, event);
    }
}

} // namespace eventops
