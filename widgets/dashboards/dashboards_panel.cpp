// SPDX-License-Identifier: MIT
#include "widgets/dashboards/dashboards_panel.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/dashboards/dashboards_view.h"
#include "widgets/dashboards/panel_card.h"
#include "widgets/theme/combo_box.h"
#include "widgets/theme/theme.h"

#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace eventops {
namespace {

constexpr int GridColumns = static_cast<int>(DashboardColumnsMax);
constexpr int ChartHeightLines = 12, NumberHeightLines = 6; ///< Of text.

} // namespace

QWidget *makeDashboardsView(ViewContext &context, QWidget *parent)
{
    return new DashboardsPanel(context, parent);
}

DashboardsPanel::DashboardsPanel(ViewContext &context, QWidget *parent) : QWidget(parent), m_model(context)
{
    setFocusPolicy(Qt::StrongFocus);
    m_choice = new ComboBox;
    m_choice->setAccessibleName(tr("Dashboard"));
    m_help = new QLabel;
    m_help->setTextFormat(Qt::PlainText);
    m_help->setForegroundRole(QPalette::PlaceholderText);
    m_help->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto *again = new QPushButton(tr("Ask anew"));
    again->setToolTip(tr("F5"));
    auto *bar = new QHBoxLayout;
    const int space = themeMetric("space2");
    bar->setContentsMargins(space, space, space, 0);
    bar->addWidget(m_choice);
    bar->addWidget(m_help, 1);
    bar->addWidget(again);
    m_scroll = new QScrollArea;
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(bar);
    column->addWidget(m_scroll, 1);
    connect(again, &QPushButton::clicked, &m_model, &DashboardModel::refresh);
    connect(m_choice, &QComboBox::activated, &m_model, &DashboardModel::choose);
    connect(&m_model, &DashboardModel::dashboardsChanged, this, &DashboardsPanel::fillChoice);
    connect(&m_model, &DashboardModel::chosen, this, &DashboardsPanel::build);
    connect(&m_model, &DashboardModel::panelChanged, this, [this](int index) {
        const auto at = static_cast<std::size_t>(index);
        m_cards[at]->draw(m_model.panels()[at]);
    });
    connect(&Theme::instance(), &Theme::changed, this, &DashboardsPanel::build);
}

void DashboardsPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (!m_read)
        m_model.reload();
    m_read = true;
    m_model.setWatched(true);
}

void DashboardsPanel::hideEvent(QHideEvent *event)
{
    m_model.setWatched(false);
    QWidget::hideEvent(event);
}

void DashboardsPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_F5)
        m_model.refresh();
    else
        QWidget::keyPressEvent(event);
}

void DashboardsPanel::fillChoice()
{
    m_choice->clear();
    for (const Dashboard &dashboard : m_model.dashboards())
        m_choice->addItem(shownText(dashboard.title, ShownNameMax));
    m_choice->setEnabled(m_choice->count() > 0);
}

void DashboardsPanel::build()
{
    m_cards.clear();
    auto *page = new QWidget;
    auto *grid = new QGridLayout(page);
    const int space = themeMetric("space2");
    grid->setContentsMargins(space, space, space, space);
    grid->setSpacing(space);
    for (int i = 0; i < GridColumns; ++i)
        grid->setColumnStretch(i, 1);
    if (m_model.current() < 0) {
        m_help->setText(m_model.fileErrors().isEmpty() ? tr("No dashboards are saved.") : m_model.fileErrors().first());
        m_scroll->setWidget(page);
        return;
    }
    const Dashboard &dashboard = m_model.dashboards()[static_cast<std::size_t>(m_model.current())];
    m_choice->setCurrentIndex(m_model.current());
    m_help->setText(m_model.fileErrors().isEmpty() ? shownText(dashboard.help) : m_model.fileErrors().first());
    int row = 0, column = 0;
    const int line = fontMetrics().height();
    for (const SavedQuery &query : dashboard.panels) {
        const int wide = static_cast<int>(query.columns);
        if (column + wide > GridColumns) {
            ++row;
            column = 0;
        }
        auto *card = new PanelCard(query, page);
        const bool number = query.chart.kind == SqlChart::Kind::Number;
        if (number)
            card->setFixedHeight(line * NumberHeightLines);
        else
            card->setMinimumHeight(line * ChartHeightLines);
        grid->addWidget(card, row, column, 1, wide);
        grid->setRowStretch(row, number ? 0 : 1);
        m_cards.push_back(card);
        column += wide;
    }
    m_scroll->setWidget(page);
    drawAll();
}

void DashboardsPanel::drawAll()
{
    for (std::size_t i = 0; i < m_cards.size(); ++i) {
        if (m_model.panels()[i].answered)
            m_cards[i]->draw(m_model.panels()[i]);
    }
}

} // namespace eventops
