// SPDX-License-Identifier: MIT
#pragma once

#include <QPlainTextEdit>
#include <QString>

#include <functional>

class QTableView;
class QTabBar;
class QWidget;

namespace eventops {

// What both views of this folder are made of. Thread: UI.

/// Text that somebody pastes. Files, and what is too long to be edited, go to their takers instead of into it.
class PasteEdit final : public QPlainTextEdit
{
    Q_OBJECT

public:
    explicit PasteEdit(qsizetype charactersMax, QWidget *parent = nullptr);

Q_SIGNALS:
    void fileGiven(const QString &path);
    void longTextGiven(const QString &text);

protected:
    bool canInsertFromMimeData(const QMimeData *source) const override;
    void insertFromMimeData(const QMimeData *source) override;

private:
    const qsizetype m_charactersMax;
};

/// Sets up @p edit as text of code without a frame; it follows the theme.
void makeMono(QPlainTextEdit &edit, const QString &accessibleName);
/// A table of rows to be read: no frame, no grid, whole rows, the last column stretched. Severities (@p severityRole of
/// an index, in @p severityColumn) and rows for which @p failedRole says true have their colour; -1: there is none.
QTableView *makeRowTable(const QString &accessibleName, int severityColumn, int severityRole, int failedRole = -1);
/// As wide as what is in them, but for texts that have no end; the last one takes the rest.
void fitColumns(QTableView &table, int charactersMax);
/// @p pages one at a time, below tabs with their names.
QWidget *makePages(const QStringList &names, const QList<QWidget *> &pages, QTabBar *&tabs);

} // namespace eventops
