// SPDX-License-Identifier: MIT
#pragma once

#include <QStringList>
#include <QWidget>

class QCompleter;
class QLabel;
class QLineEdit;

namespace eventops {

/// One line for a filter: completes names while one types, keeps a history (Up and Down), shows below it what is wrong
/// and puts the cursor there. Enter applies, Esc brings back what applies, an empty line with Enter shows everything.
/// Thread: UI.
class FilterBar final : public QWidget
{
    Q_OBJECT

public:
    explicit FilterBar(const QStringList &names, QWidget *parent = nullptr);

    QString text() const;
    void setText(const QString &filter);                     ///< What applies.
    void setProblem(const QString &problem, int column);     ///< Empty: none. @p column: from 1, 0 unknown.
    QLineEdit *edit() const { return m_edit; }
    const QStringList &history() const { return m_history; } ///< Latest last.

    static constexpr int HistoryMax = 100;

public Q_SLOTS:
    void focusEdit();                                        ///< With all of it selected.

Q_SIGNALS:
    void applied(const QString &filter);

protected:
    bool eventFilter(QObject *object, QEvent *event) override;

private:
    void complete();
    void insertCompletion(const QString &name);
    int wordStart() const;
    void apply();
    void recall(int step);

    QLineEdit *m_edit;
    QLabel *m_problem;
    QCompleter *m_completer;
    QStringList m_history;
    qsizetype m_recalled = 0;
    QString m_applied;
};

} // namespace eventops
