// SPDX-License-Identifier: MIT
#pragma once

#include <QWidget>

class QAction;

namespace eventops {

/// What the window shows while its workspace holds nothing: the next steps, each a button. Thread: UI.
class WelcomePage final : public QWidget
{
    Q_OBJECT

public:
    /// @p steps: in order; an action's statusTip is the sentence under its name.
    WelcomePage(const QList<QAction *> &steps, QWidget *parent);

private:
    QWidget *makeCard(QAction *action);
};

} // namespace eventops
