"""How mail programs of many languages announce what they quote, and how people and telephones sign.

Each list is one regular expression, an alternative beside the other; words of all scripts stand in it as
they stand in mail.
"""

# ruff: noqa: E501, RUF001


def alternatives(text: str) -> str:
    """The lines of *text* as one alternation of a regular expression."""
    return "|".join(line for line in text.split("\n") if line)


# "wrote" and its sisters, as they stand in announcements: "On Monday Jane wrote:", "Jane schrieb am Montag:".
WROTE = alternatives(
    r"""
wrote|writes|has written|said|schrieb(?: am)?|geschrieben|hat .{0,60}geschrieben|a écrit|écrit|ecrit
écrivait|escribió|escribio|escribi\S|ha escrit|va escriure|scritto|scrisse|escreveu|escreve|schreef
geschreven|schrijft|skrev|skreiv|skrifaði|kirjoitti|kirjutas|rakstīja|rašė|napisał(?:\(a\)|a)?
napisal(?:\(a\)|a|i)?|pisze|napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?|napisa[oa](?:/la)?|je napisa\S+|írta
ezt írta|a scris|yazdı|yazmış|şunu yazdı|написал(?:\(а\)|а)?|написав(?:\(ла\))?|написала|пише|пишет
писал(?:\(а\)|а)?|написа|напишао|έγραψε|έγραψες|כתב(?:ה)?|כתב/ה|كتب|نوشت|写道|寫道|のメール|書きました|を書き|さんは書|が書いた
작성|님이 작성|đã viết|menulis|a scríobh|idatzi du|escribiu|shkroi|เขียนว่า|เขียน|kirjoittaa
"""
)

# What an announcement begins with: a preposition, a weekday, a date.
OPENING = alternatives(
    r"""
on|le|am|il|el|em|op|den|dne|dnia|w dniu|på|pe|la|a|vào|pada|kl|in|at|ter|tir|na|dana|dňa|у|в|на|στις
στο|ב|בתאריך|في|在|于|於|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mié
jue|vie|sáb|dom|\d{1,4}[-./年.]?
"""
)

# "-----Original Message-----"
ORIGINAL = alternatives(
    r"""
original (?:message|appointment|mail|e-?mail|text)|message d'origine|message original|message transféré
courriel original|courrier original|urspr(?:ü|ue|u|&uuml;)ngliche (?:nachricht|e-?mail|mail)
original-?nachricht|weitergeleitete (?:nachricht|mail)|weitergeleitete e-?mail|mensaje original
mensaje reenviado|mensagem original|mensagem encaminhada|messaggio originale|messaggio inoltrato
oorspronkelijk bericht|doorgestuurd bericht|oprindelig meddelelse|originalmeddelelse
videresendt (?:meddelelse|besked|melding)|opprinnelig melding|opprinnelig e-post|ursprungligt meddelande
originalmeddelande|vidarebefordrat (?:meddelande|brev)|alkuperäinen viesti|välitetty viesti
oryginalna wiadomość|wiadomość oryginalna|wiadomość przekazana|původní zpráva|přeposlaná zpráva
pôvodná správa|eredeti üzenet|továbbított üzenet|orijinal ileti|iletilen mesaj|özgün mesaj
mesajul original|mesaj original|исходное сообщение|оригинальное сообщение|пересылаемое сообщение
переслане повідомлення|пересланное сообщение|оригінальне повідомлення|начало переадресованного сообщения
izvorna poruka|originalna poruka|izvirno sporočilo|αρχικό μήνυμα|הודעה מקורית|הודעה שהועברה
الرسالة الأصلية|元のメッセージ|転送されたメッセージ|원본 메시지|전달된 메시지|原始邮件|原始郵件|原始信件|邮件原件|转发邮件|轉寄郵件|轉寄訊息|转发的邮件
forwarded (?:message|email|mail|by .{1,60})|reply message|replied message|reply above this line
"""
)

# "Begin forwarded message:"
BEGIN_FORWARD = alternatives(
    r"""
begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)
début du (?:message|courriel|e-mail) (?:réexpédié|transféré)|inicio del mensaje reenviado
inizio messaggio inoltrato|início da mensagem (?:reencaminhada|encaminhada)|begin doorgestuurd bericht
påbegynt videresendt melding|start på videresendt besked|vidarebefordrat brev|välitetty viesti alkaa
początek przekazywanej wiadomości|начало переадресованного сообщения|以下是转发的邮件|下面是被转发的邮件|転送されたメッセージ
"""
)

# The labels of a header that a program sets above the mail it quotes.
LABELS = {
    "from": alternatives(
        r"""
from|von|de|da|van|fra|från|lähettäjä|od|feladó|gönderen|kimden|от|від|від кого|отправитель|από|מאת|من
发件人|寄件者|寄件人|差出人|送信元|보낸 사람|보낸사람|expéditeur|mittente|remitente|afzender|nadawca|odesílatel|di|expediteur
de la
"""
    ),
    "date": alternatives(
        r"""
date|sent|datum|gesendet|gesendet am|envoyé|envoyé le|enviado|enviado el|enviada em|enviado em|fecha
data|inviato|verzonden|verzonden op|dato|sendt|skickat|lähetetty|päivämäärä|päiväys|wysłano|wysłane
odesláno|dátum|elküldve|tarih|gönderilme tarihi|gönderildi|дата|отправлено|надіслано|відправлено
ημερομηνία|στάλθηκε|תאריך|נשלח|التاريخ|发送时间|发送日期|日期|寄件日期|日時|送信日時|날짜|보낸 날짜|trimis|poslano|poslato
odoslané|sendt den
"""
    ),
    "to": alternatives(
        r"""
to|an|à|a|para|aan|til|till|vastaanottaja|do|komu|címzett|kime|alıcı|кому|до|προς|אל|إلى|收件人|收件者|宛先
받는 사람|받는사람|destinataire|destinatario|dla|către|za|zu|for
"""
    ),
    "subject": alternatives(
        r"""
subject|betreff|objet|asunto|assunto|oggetto|onderwerp|emne|ämne|aihe|temat|předmět|predmet|tárgy|konu
тема|θέμα|נושא|الموضوع|主题|主旨|件名|제목|subiect|sujet|re|risposta|zadeva
"""
    ),
    "cc": alternatives(
        r"""
cc|kopie|copie|copia|kopi|kopia|kopio|копия|копія|副本|抄送|참조|cc copia|reply-to|antwort an|répondre à
responder a|antwoord|rispondi a|másolatot kap|bilgi|category|importance|priority|attachments?
"""
    ),
}

# "Sent from my iPhone"
SENT_FROM = alternatives(
    r"""
(?:this (?:message|e-?mail|mail) was )?sent (?:from|via|with|by|using|on) (?:my |a |an |the )?(?!here|there).{2,80}
from my \S.{1,40}|sent by .{2,40}|get \[?(?:outlook|the new .{3,20}|yahoo).{0,120}
(?:diese (?:nachricht|e-?mail|mail) wurde )?(?:von|mit) (?:meine[mr]|dem|der|unterwegs).{2,80}(?:gesendet|geschickt|geschrieben|verschickt).{0,20}
(?:diese (?:nachricht|e-?mail|mail) wurde ).{2,80}gesendet.{0,5}
gesendet (?:mit|von|aus|via|per) .{2,80}|von (?:meinem|unterwegs) \S+ gesendet
von samsung mobile gesendet|envoyé (?:de|depuis|à partir de|via|avec) .{2,80}
télécharge[rz] outlook.{0,100}|obtenez outlook.{0,100}
enviado (?:desde|de|do|a partir d[oe]|con|pelo|com|usando|via) .{2,80}|enviada do .{2,80}
obtener outlook.{0,100}|inviato d[aie]l? .{2,80}|scarica outlook.{0,60}|inviata da .{2,80}
verzonden (?:vanaf|met|vanuit|via|van) .{2,80}|verstuurd vanaf .{2,80}|outlook voor .{2,80}
sendt (?:fra|med|via|på) .{2,80}|skickat (?:från|med) .{2,80}|skickad från .{2,80}|hent outlook.{0,80}
hämta outlook.{0,80}|lähetetty .{2,60}(?:sta|stä|lla|llä)|wysłan[eoay] z .{2,80}|odesláno z .{2,80}
pobierz (?:program )?outlook.{0,80}|odoslané z .{2,80}|elküldve .{2,60}
.{2,40}(?:ımdan|imden|den|dan) gönderildi|отправлено (?:с|из|через|от) .{2,80}
надіслано (?:з|із|через) .{2,80}|εστάλη από .{2,60}|στάλθηκε από .{2,60}|נשלח מ.{2,60}|مرسل من .{2,60}
trimis de pe .{2,60}|poslano (?:z|iz|s) .{2,60}|從我的 .{2,40} ?傳送|从我的 .{2,40}发送|发自我的.{2,40}|寄自我的.{2,40}
從我的.{2,40}傳送|.{2,40}から送信|나의 .{2,40}에서 보냄|.{2,40}에서 보냄|đã gửi từ .{2,60}|someone from mobile
"""
)

# What such a line must name, too.
DEVICES = alternatives(
    r"""
phone|ipad|ipod|mobil|android|samsung|galaxy|huawei|xiaomi|nokia|blackberry|windows|outlook|mail|tablet
handy|smartphone|pixel|htc|lg|sony|motorola|oneplus|device|gerät|mac|watch|airmail|spark|thunderbird
yahoo|gmx|web\.de|proton|aol|office|treo|palm|verizon|t-mobile|at&t|sprint|vodafone|k-9|k9|zimbra|ti-85
cell|alcatel|телефон|почт|устройств|iphone|手机|電話|アイ|폰|téléphone|teléfono|telefon|móvil|cellulare|toestel
app\b|dispositivo|appareil
"""
)
