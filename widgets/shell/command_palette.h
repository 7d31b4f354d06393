// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>
#include <QPointer>

#include <functional>
#include <vector>

class QAction;
class QLineEdit;
class QListWidget;

namespace eventops {

/// How well @p wanted matches @p text: its letters must occur in order; 0: they do not. Beginnings of words and runs
/// count more. O(length).
int matchScore(const QString &wanted, const QString &text);

/// Finds a command by a few letters. An overlay of its parent, never modal. Thread: UI.
class CommandPalette final : public QFrame
{
    Q_OBJECT

public:
    explicit CommandPalette(QWidget *parent);

    /// @p actions: what can be run, each with its text, icon and shortcut.
    void open(const std::vector<QAction *> &actions);
    QLineEdit *input() const { return m_input; }
    QListWidget *list() const { return m_list; }

protected:
    bool eventFilter(QObject *object, QEvent *event) override;

private:
    void refill();
    void run();
    void dismiss();

    static constexpr int CommandsShownMax = 200;
    QLineEdit *m_input;
    QListWidget *m_list;
    std::vector<QPointer<QAction>> m_actions;
    QPointer<QWidget> m_focusBefore;
};

} // namespace eventops
