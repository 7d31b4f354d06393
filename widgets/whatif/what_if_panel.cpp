// SPDX-License-Identifier: MIT
#include "widgets/whatif/what_if_panel.h"

#include "widgets/theme/theme.h"
#include "widgets/whatif/what_if_view.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace eventops {
namespace {

constexpr int ProgressSteps = 1'000;
constexpr int ColumnCharactersMax = 60;

/// Added and removed are told by colour, too.
class DifferenceDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        const int sign = index.data(WhatIfModel::SignRole).toInt();
        if (index.column() == WhatIfModel::DifferenceColumn && sign != 0)
            option->palette.setColor(QPalette::Text, themeColor(sign > 0 ? "positive" : "severityError"));
        if (index.column() == WhatIfModel::KindColumn)
            option->palette.setColor(QPalette::Text, themeColor("textMuted"));
    }
};

} // namespace

QWidget *makeWhatIfView(ViewContext &context, QWidget *parent)
{
    return new WhatIfPanel(context, parent);
}

WhatIfPanel::WhatIfPanel(ViewContext &context, QWidget *parent) : QWidget(parent), m_context(context), m_model(context)
{
    m_details = new QPlainTextEdit;
    m_details->setReadOnly(true);
    m_details->setFrameShape(QFrame::NoFrame);
    m_details->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_details->setTabChangesFocus(true);
    m_details->setAccessibleName(tr("What differs, and why"));
    auto *split = new QSplitter(Qt::Vertical);
    split->addWidget(makeRows());
    split->addWidget(m_details);
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 1);
    split->setChildrenCollapsible(false);
    split->setHandleWidth(themeMetric("space1"));
    m_status = new QLabel;
    m_status->setTextFormat(Qt::PlainText);
    m_status->setWordWrap(true);
    m_status->setTextInteractionFlags(Qt::TextSelectableByMouse);
    const int space = themeMetric("space2");
    m_status->setContentsMargins(space, 0, space, space);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeBar());
    column->addWidget(m_status);
    column->addWidget(split, 1);
    setFocusProxy(m_file);
    connect(&m_model, &WhatIfModel::stateChanged, this, &WhatIfPanel::modelChanged);
    connect(&m_model, &WhatIfModel::progressChanged, this, [this] {
        const double part = m_model.part();
        m_progress->setRange(0, part < 0 ? 0 : ProgressSteps);
        m_progress->setValue(static_cast<int>(part * ProgressSteps));
    });
    const auto themed = [this] {
        m_details->setFont(Theme::instance().font(Theme::FontRole::Mono));
    };
    connect(&Theme::instance(), &Theme::changed, this, themed);
    themed();
    modelChanged();
}

QWidget *WhatIfPanel::makeBar()
{
    auto *bar = new QWidget;
    auto *row = new QHBoxLayout(bar);
    const int space = themeMetric("space2");
    row->setContentsMargins(space, space, space, space);
    row->setSpacing(space);
    m_file = new QLineEdit;
    m_file->setPlaceholderText(tr("An edited pipeline file"));
    m_file->setAccessibleName(tr("Edited pipeline file"));
    auto *choose = new QPushButton(tr("Choose…"));
    m_compare = new QPushButton(tr("What if"));
    m_compare->setToolTip(tr("Run the past again with this pipeline and show what it would have decided otherwise"));
    m_check = new QPushButton(tr("Check the past"));
    m_check->setToolTip(tr("Run the past again with the workspace's own pipeline: it must decide the same"));
    m_stop = new QPushButton(tr("Stop"));
    m_stop->setToolTip(tr("Escape"));
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setFixedWidth(themeMetric("progressWidth"));
    m_progress->setAccessibleName(tr("Progress"));
    row->addWidget(m_file, 1);
    row->addWidget(choose);
    row->addWidget(m_compare);
    row->addWidget(m_check);
    row->addWidget(m_progress);
    row->addWidget(m_stop);
    connect(choose, &QPushButton::clicked, this, &WhatIfPanel::chooseFile);
    connect(m_file, &QLineEdit::returnPressed, this, &WhatIfPanel::compare);
    connect(m_file, &QLineEdit::textChanged, this, &WhatIfPanel::modelChanged);
    connect(m_compare, &QPushButton::clicked, this, &WhatIfPanel::compare);
    connect(m_check, &QPushButton::clicked, &m_model, &WhatIfModel::checkHistory);
    connect(m_stop, &QPushButton::clicked, &m_model, &WhatIfModel::cancel);
    return bar;
}

QWidget *WhatIfPanel::makeRows()
{
    m_rows = new QTableView;
    m_rows->setModel(&m_model);
    m_rows->setItemDelegate(new DifferenceDelegate(m_rows));
    m_rows->setFrameShape(QFrame::NoFrame);
    m_rows->setWordWrap(false);
    m_rows->setShowGrid(false);
    m_rows->setAlternatingRowColors(true);
    m_rows->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_rows->setSelectionMode(QAbstractItemView::SingleSelection);
    m_rows->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_rows->setTabKeyNavigation(false);
    m_rows->verticalHeader()->hide();
    m_rows->horizontalHeader()->setHighlightSections(false);
    m_rows->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_rows->horizontalHeader()->setStretchLastSection(true);
    m_rows->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_rows->setAccessibleName(tr("Decisions that would be different"));
    connect(m_rows->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex &current) { showDetails(current.row()); });
    connect(m_rows, &QTableView::activated, this, [this](const QModelIndex &index) {
        const QString id = m_model.findingId(index.row());
        if (!id.isEmpty())
            m_context.selectFinding(id);
    });
    return m_rows;
}

void WhatIfPanel::setPipelineFile(const QString &path)
{
    m_file->setText(path);
}

void WhatIfPanel::compare()
{
    if (!m_file->text().trimmed().isEmpty())
        m_model.compare(m_file->text().trimmed());
}

void WhatIfPanel::chooseFile()
{
    const QString path =
        QFileDialog::getOpenFileName(this, tr("An edited pipeline"), m_file->text(),
                                     tr("Pipelines (*.yaml *.yml *.json);;All files (*)"), nullptr,
                                     QFileDialog::DontUseNativeDialog);
    if (path.isEmpty())
        return;
    m_file->setText(path);
    compare();
}

void WhatIfPanel::modelChanged()
{
    const bool running = m_model.state() == WhatIfModel::State::Running;
    m_progress->setVisible(running);
    m_progress->setRange(0, 0);
    m_stop->setVisible(running);
    m_check->setEnabled(!running);
    m_compare->setEnabled(!running && !m_file->text().trimmed().isEmpty());
    const bool idle = m_model.state() == WhatIfModel::State::Idle;
    m_status->setText(idle ? tr("Copy the pipeline that made this past, with its rules and policies, edit a threshold, "
                                "and see what it would have decided. Nothing is stored.")
                           : m_model.statusText());
    if (!running) {
        fitColumns();
        m_details->setPlainText(m_model.editsText());
        m_rows->setCurrentIndex(m_model.index(0, 0));
    }
}

void WhatIfPanel::showDetails(int row)
{
    m_details->setPlainText(row < 0 ? m_model.editsText() : m_model.details(row));
}

void WhatIfPanel::fitColumns()
{
    m_rows->resizeColumnsToContents();
    const int widest = m_rows->fontMetrics().averageCharWidth() * ColumnCharactersMax;
    for (int column = 0; column < WhatIfModel::CauseColumn; ++column) // that one takes the rest
        m_rows->setColumnWidth(column, std::min(m_rows->columnWidth(column) + themeMetric("space3"), widest));
}

void WhatIfPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && m_model.state() == WhatIfModel::State::Running)
        m_model.cancel();
    else
        QWidget::keyPressEvent(event);
}

} // namespace eventops
