"""Errors of attachments: files that are missing, too large, damaged or of a refused type."""

from models.errors.base import DomainError


class UnknownAttachment(DomainError):
    code = "unknown_attachment"
    status = 422
    zh = "附件 {sha256} 并非您上传,也不在您可见的案件或事项中。"
    en = "Attachment {sha256} was not uploaded by you, and nothing that you may see has it."


class EvidenceMissing(DomainError):
    code = "evidence_missing"
    status = 422
    zh = "该小类办结须附证据(照片或文件)。"
    en = "Completing a case of this category takes evidence (a photo or a file)."


class NotOfTheResult(DomainError):
    code = "not_of_the_result"
    status = 422
    zh = "附件 {sha256} 不是本次处置结果的照片,不能公开。"
    en = "Attachment {sha256} is not a photo of this result: it cannot be released."


class AttachmentTooLarge(DomainError):
    code = "attachment_too_large"
    status = 413
    zh = "附件超过 {megabytes} MB 上限。"
    en = "The attachment is over the cap of {megabytes} MB."


class AttachmentTypeRefused(DomainError):
    code = "attachment_type_refused"
    status = 415
    zh = "这个文件是{sniffed},不能接收。{advice}"
    en = "This file is {sniffed}, which is not accepted. {advice}"


class ImageTooLarge(DomainError):
    code = "image_too_large"
    status = 422
    zh = "图片为 {megapixels} 百万像素,超过 {limit} 百万像素上限。请缩小,或另存为 JPEG 后再传。"
    en = "The picture has {megapixels} megapixels, over the cap of {limit}. Make it smaller, or save it as JPEG."


class AttachmentAnimated(DomainError):
    code = "attachment_animated"
    status = 422
    zh = "不接受动图,请上传静态图片。"
    en = "Animated pictures are not accepted; upload a still one."


class AttachmentDamaged(DomainError):
    code = "attachment_damaged"
    status = 422
    zh = "文件已损坏,无法读取。请重新拍摄,或换一个文件。"
    en = "The file is damaged and cannot be read. Take it again, or choose another."


class AttachmentEmpty(DomainError):
    code = "attachment_empty"
    status = 422
    zh = "文件是空的。"
    en = "The file is empty."


class AttachmentMissing(DomainError):
    code = "attachment_missing"
    status = 422
    zh = "请以 multipart/form-data 的 file 字段上传一个文件。"
    en = "Upload one file as the field “file” of multipart/form-data."


class AttachmentLost(DomainError):
    code = "attachment_lost"
    status = 503
    zh = "附件 {sha256} 已登记,但文件不在存储中,请通知管理员。"
    en = "Attachment {sha256} is registered, but its file is not in the store; tell an administrator."


class AttachmentAltered(DomainError):
    code = "attachment_altered"
    status = 503
    zh = "附件 {sha256} 的内容与登记不符,可能已损坏或被改动,请通知管理员。"
    en = "The content of attachment {sha256} is not what was registered: damaged or changed. Tell an administrator."


class AttachmentsAway(DomainError):
    code = "attachments_away"
    status = 503
    zh = "附件存储暂时无法访问,照片和文件未保存,也暂不能查看;其他业务不受影响,请稍后重试。"
    en = "The store of attachments is away: files can be neither stored nor shown. All else works; try again later."


class AttachmentsRefused(DomainError):
    code = "attachments_refused"
    status = 503
    zh = "附件存储拒绝访问(密钥、权限或存储桶设置有误),照片和文件暂不能保存和查看,请通知管理员。"
    en = "The store of attachments refuses access (its keys, rights or bucket are set wrongly). Tell an administrator."


class EvidenceTooLarge(DomainError):
    code = "evidence_too_large"
    status = 413
    zh = "证据共 {megabytes} MB,超过一次打包的上限 {most} MB,请在案件页逐个下载。"
    en = "The evidence is {megabytes} MB, more than the {most} MB that one archive takes; take the files one by one."
