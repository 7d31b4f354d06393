// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/dashboard_model.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QGridLayout;
class QLabel;
class QScrollArea;

namespace eventops {

class PanelCard;

/// One dashboard at a time, as a grid of panels that follow what happens. Keys: F5 asks anew. Thread: UI.
class DashboardsPanel final : public QWidget
{
    Q_OBJECT

public:
    DashboardsPanel(ViewContext &context, QWidget *parent);
    DashboardModel &model() { return m_model; }

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void fillChoice();
    void build();
    void drawAll();

    DashboardModel m_model;
    bool m_read = false;
    QComboBox *m_choice = nullptr;
    QLabel *m_help = nullptr;
    QScrollArea *m_scroll = nullptr;
    std::vector<PanelCard *> m_cards;
};

} // namespace eventops
