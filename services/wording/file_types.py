"""What a refused file is, in words, and what its sender can do instead. The codes: `attachments.media_types`."""

from services.wording.vocabulary import Labels

NAMES: Labels = {
    "gif": ("动图(GIF)", "a GIF picture"),
    "audio": ("语音或录音", "a voice note or a sound recording"),
    "video": ("不支持的视频格式", "a video in another format"),
    "picture": ("不支持的图片格式", "a picture in another format"),
    "active": ("含脚本、程序或附件的 PDF", "a PDF with scripts, programs or files in it"),
    "raw": ("相机原始格式(RAW)", "a raw picture of a camera"),
    "pages": ("多页图片", "a picture of several pages"),
    "fragments": ("分段录制的视频", "a video recorded in fragments"),
    "office": ("办公文档(Word、Excel 等)", "an office document (Word, Excel, …)"),
    "archive": ("压缩包", "an archive"),
    "executable": ("程序", "a program"),
    "html": ("网页", "a web page"),
    "xml": ("XML 或 SVG 文件", "an XML or SVG file"),
    "text": ("纯文本", "plain text"),
    "unknown": ("无法识别的文件", "a file of unknown type"),
}
_AS_PICTURE = ("请截图,或另存为 JPEG 后再传。", "Take a screenshot, or save it as JPEG, and send that.")
_AS_VIDEO = (
    "请用手机相机录成 MP4 或 MOV 后再传。",
    "Record it with the phone's camera as MP4 or MOV and send that.",
)
_AS_PDF = ("请另存为 PDF,或截图后再传。", "Save it as PDF, or take a screenshot, and send that.")
_AS_WORDS = ("请把内容写成文字。", "Write what it says as text.")
_AS_ONE = ("请解压后逐个上传其中的照片或 PDF。", "Unpack it and send its photos or PDFs one by one.")
_AS_OTHER = ("请上传照片、视频(MP4、MOV)或 PDF。", "Send a photo, a video (MP4, MOV) or a PDF.")
ADVICE: Labels = {
    "gif": _AS_PICTURE,
    "audio": _AS_WORDS,
    "video": _AS_VIDEO,
    "picture": _AS_PICTURE,
    "active": ("请打印为 PDF 后再传。", "Print it to a PDF, and send that."),
    "raw": _AS_PICTURE,
    "pages": _AS_PDF,
    "fragments": _AS_VIDEO,
    "office": _AS_PDF,
    "archive": _AS_ONE,
    "executable": _AS_OTHER,
    "html": _AS_PDF,
    "xml": _AS_PICTURE,
    "text": _AS_WORDS,
    "unknown": _AS_OTHER,
}
