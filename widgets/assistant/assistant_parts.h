// SPDX-License-Identifier: MIT
#pragma once

#include <QPlainTextEdit>
#include <QString>

#include <functional>

class QHBoxLayout;
class QLabel;
class QTableView;
class QTabBar;
class QWidget;

namespace eventops {

// What both views of this folder are made of. Thread: UI.

/// Text that somebody pastes. Files, and text that cannot be edited (see isEditable), go to their takers instead of
/// into it. While it is read-only it shows such a text: what is pasted then takes its place, Delete and Backspace clear
/// it.
class PasteEdit final : public QPlainTextEdit
{
    Q_OBJECT

public:
    explicit PasteEdit(QWidget *parent = nullptr);

    /// Shows @p text, or as much of it as there is room for; @p editable: what is shown is all there is.
    void showText(const QString &text, bool editable);

Q_SIGNALS:
    void fileGiven(const QString &path);
    void wholeTextGiven(const QString &text); ///< In place of what is there; empty: it is cleared.

protected:
    bool canInsertFromMimeData(const QMimeData *source) const override;
    void insertFromMimeData(const QMimeData *source) override;
    bool event(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QString with(const QString &text) const;
};

/// Sets up @p edit as text of code without a frame; it follows the theme.
void makeMono(QPlainTextEdit &edit, const QString &accessibleName);
/// A table of rows to be read: no frame, no grid, whole rows, the last column stretched. Severities (@p severityRole of
/// an index, in @p severityColumn) and rows for which @p failedRole says true have their colour; -1: there is none.
QTableView *makeRowTable(const QString &accessibleName, int severityColumn, int severityRole, int failedRole = -1);
/// As wide as what is in them, but for texts that have no end; the last one takes the rest.
void fitColumns(QTableView &table, int charactersMax);
/// @p view from its parts: @p bar above, texts that a person gives on the left, what comes of them on the right.
void layOut(QWidget &view, QWidget *bar, QWidget *texts, QWidget *outcome);
/// The bar's row; what is added to it stands side by side.
QHBoxLayout *makeBarRow(QWidget &bar);
/// A text for people that wraps and can be copied.
QLabel *makeLine();
/// @p pages one at a time, below tabs with their names.
QWidget *makePages(const QStringList &names, const QList<QWidget *> &pages, QTabBar *&tabs);

} // namespace eventops
