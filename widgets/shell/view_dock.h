// SPDX-License-Identifier: MIT
#pragma once

#include "widgets/shell/view_spec.h"

#include <QDockWidget>

class QLabel;

namespace eventops {

/// The frame around a view; makes the view when it is first needed. Shows a title only while it is no tab. Thread: UI.
class ViewDock final : public QDockWidget
{
    Q_OBJECT

public:
    ViewDock(const ViewSpec &spec, ViewContext &context, QWidget *parent);

    const ViewSpec &spec() const { return m_spec; }
    bool isMade() const { return m_view != nullptr; }
    bool isInFront() const { return m_inFront; } ///< Shown, and not behind another tab.
    QWidget *view(); ///< Makes it if need be.
    void setTitleShown(bool shown);

private:
    QWidget *makeTitle();

    const ViewSpec m_spec;
    ViewContext &m_context;
    QWidget *m_view = nullptr;
    QWidget *m_title = nullptr;
    QWidget *m_noTitle = nullptr;
    bool m_inFront = false;
};

} // namespace eventops
