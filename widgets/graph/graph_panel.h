// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/graph_model.h"
#include "widgets/graph/graph_canvas.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QPushButton;
class QStackedLayout;
class QToolButton;

namespace eventops {

class ComboBox;

/// The graph view: search and commands above the drawing, or a word on what to do where there is nothing to draw.
/// Thread: UI.
class GraphPanel final : public QWidget
{
    Q_OBJECT

public:
    GraphPanel(ViewContext &context, QWidget *parent);
    GraphCanvas &canvas() { return *m_canvas; }
    GraphModel &model() { return m_model; }

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget *makeBar();
    QWidget *makeMessage();
    QToolButton *makeButton(const QString &text, const QString &tip);
    void stateChanged();
    void graphChanged();
    void say(const QString &title, const QString &text, bool retry);
    void search(const QString &text);
    void showFound(int step);
    void neighbourhoodChanged();

    GraphModel m_model;
    GraphCanvas *m_canvas = nullptr;
    QStackedLayout *m_pages = nullptr;
    QLineEdit *m_search = nullptr;
    QLabel *m_found = nullptr, *m_counts = nullptr, *m_title = nullptr, *m_text = nullptr;
    QPushButton *m_retry = nullptr;
    QToolButton *m_focus = nullptr;
    ComboBox *m_hops = nullptr;
    std::vector<int> m_matches;
    int m_match = -1;
};

} // namespace eventops
