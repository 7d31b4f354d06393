// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import EventOps.Models
import EventOps.Theme

// How many false findings a day are borne, and what that held back.
ColumnLayout {
    id: bar
    required property FeedbackController feedback
    property bool isOpen: false
    property real listHeightMax: Theme.metric.space5 * 6

    visible: feedback.hasBudget
    spacing: Theme.metric.space1

    RowLayout {
        spacing: Theme.metric.space2
        Layout.fillWidth: true

        ThemeIcon {
            name: "activity"
        }
        MutedText {
            objectName: "budgetText"
            text: bar.feedback.budgetText + " · " + bar.feedback.heldBackText
            Layout.fillWidth: true

            TapHandler { onTapped: bar.isOpen = !bar.isOpen }
        }
        ActionButton {
            objectName: "lessBudget"
            visible: bar.feedback.maySetBudget
            text: "−"
            Accessible.name: qsTr("Fewer false findings a day")
            onClicked: bar.feedback.lessBudget()
        }
        ActionButton {
            objectName: "moreBudget"
            visible: bar.feedback.maySetBudget
            text: "+"
            Accessible.name: qsTr("More false findings a day")
            onClicked: bar.feedback.moreBudget()
        }
    }
    MutedText {
        visible: bar.isOpen
        text: bar.feedback.detailText
        wrapMode: Text.Wrap
        maximumLineCount: 8
        Layout.fillWidth: true
    }
    ListView {
        id: alarms
        objectName: "heldBackList"
        visible: bar.isOpen && count > 0
        clip: true
        model: bar.feedback.heldBackLines
        boundsBehavior: Flickable.StopAtBounds
        implicitHeight: Math.min(contentHeight, bar.listHeightMax)
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Alarms held back, the most surprising first")
        delegate: MutedText {
            required property int index
            required property string modelData
            width: ListView.view.width - Theme.metric.space2 // beside the scroll bar
            height: Theme.metric.space5
            verticalAlignment: Text.AlignVCenter
            text: modelData
            elide: Text.ElideMiddle
            color: hover.hovered ? Theme.color.text : Theme.color.textMuted

            HoverHandler { id: hover }
            TapHandler { onTapped: bar.feedback.showHeldBack(index) }
        }
        Layout.fillWidth: true

        T.ScrollBar.vertical: ScrollMark {}
    }
}
