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
    /// What holds the run up stands there for as long as it does; what was said before the run began (a file was set
    /// aside), until it is dismissed. @p trouble: empty when there is none.
    void tellTrouble(const QString &trouble, bool running);
    QString text() const;

private:
    QLabel *m_text;
    QString m_trouble;     ///< As last told.
    bool m_heldUp = false; ///< It was told while a run was under way.
};

} // namespace eventops
