// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/sql_library.h"
#include "core/viewmodel/sql_model.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QStackedLayout;
class QTableView;
class QTreeWidget;
class QTreeWidgetItem;

namespace eventops {

/// An SQL console: what is saved and what there is on the left, the question and its rows on the right. Keys:
/// Ctrl+Enter asks, Escape stops, Ctrl+S saves, Ctrl+C in the rows copies the whole cell. It only ever reads.
/// Thread: UI.
class QueryPanel final : public QWidget
{
    Q_OBJECT

public:
    QueryPanel(ViewContext &context, QWidget *parent);

    SqlModel &model() { return m_model; }
    SqlLibrary &library() { return m_library; }
    void setQuery(const SavedQuery &query); ///< Into the editor, not asked.
    void ask();

protected:
    bool eventFilter(QObject *object, QEvent *event) override;
    void showEvent(QShowEvent *event) override;

private:
    QWidget *makeTree();
    QWidget *makeEditor();
    QWidget *makeResult();
    QWidget *makeBar();
    void fillTree();
    void treeActivated(QTreeWidgetItem *item);
    void saveAsked();
    void exportAsked();
    void removeAsked();
    void modelChanged();
    SqlPlace place() const;
    void fitColumns();

    ViewContext &m_context;
    SqlModel m_model;
    SqlLibrary m_library;
    SavedQuery m_query; ///< What the editor began from.
    bool m_read = false;
    QTreeWidget *m_tree = nullptr;
    QPlainTextEdit *m_editor = nullptr;
    QComboBox *m_place = nullptr;
    QPushButton *m_run = nullptr, *m_stop = nullptr, *m_save = nullptr, *m_export = nullptr;
    QLabel *m_status = nullptr, *m_message = nullptr;
    QStackedLayout *m_pages = nullptr;
    QTableView *m_rows = nullptr;
};

} // namespace eventops
