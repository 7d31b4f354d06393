// SPDX-License-Identifier: MIT
#include "widgets/shell/help_window.h"

#include "widgets/theme/theme.h"

#include <QHeaderView>
#include <QTabWidget>
#include <QTableWidget>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace eventops {
namespace {

/// Shows what it was given and fetches nothing.
class OfflineBrowser final : public QTextBrowser
{
public:
    using QTextBrowser::QTextBrowser;

protected:
    QVariant loadResource(int, const QUrl &) override { return {}; }
    void doSetSource(const QUrl &url, QTextDocument::ResourceType) override { scrollToAnchor(url.fragment()); }
};

} // namespace

HelpWindow::HelpWindow(const QString &manual, const QList<Key> &keys, QWidget *parent)
    : QDialog(parent), m_tabs(new QTabWidget(this))
{
    setWindowTitle(tr("Help – EventOps Console"));
    setModal(false);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_tabs);
    m_tabs->setDocumentMode(true);
    auto *text = new OfflineBrowser(m_tabs);
    text->setFrameShape(QFrame::NoFrame);
    text->document()->setDocumentMargin(themeMetric("space4"));
    text->setMarkdown(manual);
    auto *table = new QTableWidget(static_cast<int>(keys.size()), 2, m_tabs);
    table->setHorizontalHeaderLabels({tr("Keys"), tr("What they do")});
    table->verticalHeader()->hide();
    table->setShowGrid(false);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    for (int row = 0; row < static_cast<int>(keys.size()); ++row) {
        auto *item = new QTableWidgetItem(keys[row].keys);
        item->setFont(Theme::instance().font(Theme::FontRole::Mono));
        table->setItem(row, 0, item);
        table->setItem(row, 1, new QTableWidgetItem(keys[row].what));
    }
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    table->horizontalHeader()->setStretchLastSection(true);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_tabs->addTab(text, tr("Manual"));
    m_tabs->addTab(table, tr("Keys"));
    resize(themeMetric("helpWidth"), themeMetric("helpHeight"));
}

void HelpWindow::showManual()
{
    m_tabs->setCurrentIndex(0);
    show();
    raise();
    m_tabs->currentWidget()->setFocus();
}

void HelpWindow::showKeys()
{
    m_tabs->setCurrentIndex(1);
    show();
    raise();
    m_tabs->currentWidget()->setFocus();
}

} // namespace eventops
