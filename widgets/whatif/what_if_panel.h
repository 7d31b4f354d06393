// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/what_if_model.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QTableView;

namespace eventops {

/// An edited pipeline against the workspace's past: which decisions it would have made otherwise, and which line of it
/// makes the difference. Keys: Enter in the file's name compares, Escape stops, Enter on a row selects its finding.
/// Thread: UI.
class WhatIfPanel final : public QWidget
{
    Q_OBJECT

public:
    WhatIfPanel(ViewContext &context, QWidget *parent);

    WhatIfModel &model() { return m_model; }
    void setPipelineFile(const QString &path);
    void compare();

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    QWidget *makeBar();
    QWidget *makeRows();
    void chooseFile();
    void modelChanged();
    void showDetails(int row);
    void fitColumns();

    ViewContext &m_context;
    WhatIfModel m_model;
    QLineEdit *m_file = nullptr;
    QPushButton *m_compare = nullptr, *m_check = nullptr, *m_stop = nullptr;
    QProgressBar *m_progress = nullptr;
    QLabel *m_status = nullptr;
    QTableView *m_rows = nullptr;
    QPlainTextEdit *m_details = nullptr;
};

} // namespace eventops
