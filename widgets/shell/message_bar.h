// SPDX-License-Identifier: MIT
#pragma once

#include <QToolBar>

class QLabel;

namespace eventops {

/// An error that stays in view until it is dismissed or the next one comes. Not modal, takes no focus. Thread: UI.
class MessageBar final : public QToolBar
{
    Q_OBJECT

public:
    explicit MessageBar(QWidget *parent);
    void tell(const QString &sentence);
    QString text() const;

private:
    QLabel *m_text;
};

} // namespace eventops
