// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Models
import EventOps.Theme

// The lanes when there are none.
Item {
    id: holder
    required property ExpectationsModel expectations
    readonly property bool hasFailed: expectations.state === ExpectationsModel.Failed
    readonly property bool isFiltered: expectations.filter !== "" && expectations.knownCount > 0

    EmptyState {
        anchors.verticalCenter: parent.verticalCenter
        anchors.horizontalCenter: parent.horizontalCenter
        width: parent.width - 2 * Theme.metric.space5
        tint: holder.hasFailed ? Theme.color.severityError : Theme.color.textMuted
        icon: holder.hasFailed ? "circle-alert" : holder.isFiltered ? "search" : "hourglass"
        title: {
            if (holder.hasFailed)
                return holder.expectations.problem
            if (holder.isFiltered)
                return qsTr("No expected case matches")
            switch (holder.expectations.state) {
            case ExpectationsModel.Loading: return qsTr("Reading what is expected …")
            case ExpectationsModel.Learning: return qsTr("Learning what comes next")
            default: return qsTr("No case is expected to go on")
            }
        }
        next: {
            if (holder.hasFailed)
                return holder.expectations.remedy !== "" ? holder.expectations.remedy
                                                         : qsTr("It is asked again at the next change.")
            if (holder.isFiltered)
                return qsTr("Change or clear the filter: press / and then Escape.")
            if (holder.expectations.state === ExpectationsModel.Loading)
                return ""
            return qsTr("A lane appears for each entity whose events have steps, once its next step is known from "
                        + "about 30 others at the same point. Cases that are over have none.")
        }
    }
}
