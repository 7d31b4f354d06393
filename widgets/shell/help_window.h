// SPDX-License-Identifier: MIT
#pragma once

#include <QDialog>

class QTabWidget;

namespace eventops {

/// The manual and the list of all keys, in a window that stands beside the main one. Thread: UI.
class HelpWindow final : public QDialog
{
    Q_OBJECT

public:
    struct Key {
        QString keys, what; ///< "Ctrl+K", "Find a command".
    };
    HelpWindow(const QString &manual, const QList<Key> &keys, QWidget *parent);
    void showManual();
    void showKeys();

private:
    QTabWidget *m_tabs;
};

} // namespace eventops
