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
작성|님이 작성|이\(가\) 쓴 글|씀|đã viết|menulis|a scríobh|idatzi du|escribiu|shkroi|เขียนว่า|เขียน|kirjoittaa|提到|说|說|回复|ने लिखा|напис\S{2,6}|рашэ|пісаў|yazdı\S{0,3}
şunları yazdı|šunu napsal|գրել է|citerer|je napisal\S{0,4}|je napísal\S{0,4}|escreveram|heeft geschreven|skrifar
sent|sprach|spake|napisana przez|escribiu|skribis|napisao/la|kirjutas kuupäeval|rakstīja\S{0,3}|írta/írt|kirjoittaa
"""
)

# What an announcement begins with: a preposition, a weekday, a date.
OPENING = alternatives(
    r"""
on|le|am|il|el|em|op|den|dne|dnia|w dniu|på|pe|la|a|vào|pada|kl|in|at|ter|tir|na|dana|dňa|у|в|на|στις
στο|ב|בתאריך|في|در|在|于|於|às|missatge|kontakt|wiadomość|v v|þann|po|út|st|čt|pá|so|ne|pon|wt|śr|czw|pt|sob|nd|пн|вт|ср|чт|пт|сб|вс|нд|ma|ti|ke|to|pe|la|su|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mié
jue|vie|sáb|dom|\d{1,4}[-./年.]?
"""
)

# "-----Original Message-----"
ORIGINAL = alternatives(
    r"""
original (?:message|appointment|mail|e-?mail|text)|(?:mail|e-?mail|email|text|texte) original|original(?=\W{3,}$)|message d'origine|message original|message transféré
courriel original|courrier original|urspr(?:ü|ue|u|&uuml;)ngliche (?:nachricht|e-?mail|mail)
original-?nachricht|weitergeleitete (?:nachricht|mail)|weitergeleitete e-?mail|mensaje original
mensaje reenviado|mensagem original|mensagem encaminhada|messaggio originale|messaggio inoltrato
oorspronkelijke? (?:bericht|e-?mail)|originele? bericht|doorgestuurd bericht|oprindelig meddelelse|originalmeddelelse
videresendt (?:meddelelse|besked|melding)|opprinnelig melding|opprinnelig e-post|ursprungligt meddelande
originalmeddelande|vidarebefordrat (?:meddelande|brev)|alkuperäinen viesti|välitetty viesti
oryginalna wiadomość|wiadomość oryginalna|wiadomość przekazana|původní (?:zpráva|e-?mail|email)|přeposlaná zpráva
pôvodná správa|eredeti üzenet|továbbított üzenet|orijinal ileti|iletilen mesaj|özgün mesaj
mesajul original|mesaj original|исходное сообщение|оригинальное сообщение|пересылаемое сообщение
переслане повідомлення|пересланное сообщение|оригінальне повідомлення|начало переадресованного сообщения
izvorna poruka|originalna poruka|izvirno sporočilo|αρχικό μήνυμα|הודעה מקורית|הודעה שהועברה
الرسالة الأصلية|元のメッセージ|転送されたメッセージ|원본 ?(?:메시지|메일|이메일)|전달된 메시지|전달 메일|原始邮件|原始郵件|原始信件|邮件原件|转发邮件|轉寄郵件|轉寄訊息|转发的邮件|回复的原邮件|回覆的原郵件|转发的原邮件|原邮件|tin nhắn gốc|thư gốc|thư được chuyển tiếp|ข้อความต้นฉบับ|ข้อความที่ส่งต่อ
asıl ileti|orjinal mesaj|izvorna? (?:poruka|e-?mail)|originali žinutė|originalkiri|sākotnējais ziņojums|algne kiri|pesan asli|pesan terusan|missatge original|missatge reenviat|mezua jatorrizkoa|upprunaleg skilaboð|исходящее сообщение|исходно съобщение|препратено съобщение|препратено писмо|پیام اصلی|मूल संदेश
forwarded (?:message|email|mail|by .{1,60})|forwarding messages?|reply message|replied message|reply above this line
weitergeleitet von .{1,60}|transféré par .{1,60}|reenviado por .{1,60}|inoltrato da .{1,60}|doorgestuurd door .{1,60}
edelleenlähetetty viesti|message transmis|mail transféré|messaggio inoltrato|mensagem reencaminhada|przekazana wiadomość
treść przekazanej wiadomości|wiadomość przesłana dalej|preposlaná správa|mesaj redirecționat|mesaj redirectionat|i̇letilmiş (?:i̇leti|mesaj)
iletilmiş (?:ileti|mesaj)|i̇letilen i̇leti|перенаправленн?ое сообщение|перенаправлене повідомлення|пересилане повідомлення
proslijeđena poruka|prosleđena poruka|posredovano sporočilo|προωθημένο μήνυμα|メッセージを転送|転送メッセージ|転送された?メール|转发的?消息
转发信息|轉寄的郵件|轉寄的訊息|전달된 메일|persiųstas laiškas|edastatud kiri|pārsūtīt(?:s|ais) (?:ziņojums|vēstule)|pesan diteruskan
"""
)

# "Begin forwarded message:"
BEGIN_FORWARD = alternatives(
    r"""
begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)
début du (?:message|courriel|e-mail) (?:réexpédié|transféré)|inicio del mensaje reenviado
inizio messaggio inoltrato|início da mensagem (?:reencaminhada|encaminhada)|begin doorgestuurd bericht
påbegynt videresendt melding|start på videresendt besked|vidarebefordrat brev|välitetty viesti alkaa
začátek přeposílané zprávy|započni proslijeđenu poruku|továbbított levél kezdete|videresendt melding|începe mesajul redirecționat
začiatok preposlanej správy|vidarebefordrat mejl|i̇leti başlangıcı|ileti başlangıcı|початок листа, що пересилається|this is a forwarded message
inici del missatge reenviat|αρχή προωθημένου μηνύματος|תחילת ההודעה שהועברה|بدء الرسالة المعاد توجيهها|전달된 메시지 시작|開始轉寄郵件
początek przekazywanej wiadomości|начало переадресованного сообщения|以下是转发的邮件|下面是被转发的邮件|転送されたメッセージ
"""
)

# The labels of a header that a program sets above the mail it quotes.
LABELS = {
    "from": alternatives(
        r"""
from|von|de|da|van|fra|från|lähettäjä|od|feladó|gönderen|kimden|от|від|від кого|отправитель|από|מאת|من
发件人|寄件者|寄件人|差出人|送信元|보낸 사람|보낸사람|expéditeur|mittente|remitente|afzender|nadawca|odesílatel|di|expediteur
de la|từ|จาก|šalje|pošiljatelj|saatja|nuo|no|siuntėjas|sūtītājs|dari|pengirim|от кого|expeditor|odosielateľ|odosílatel|frá|shkruar nga|از|प्रेषक|mula kay|podateľ|발신|발신자|발신인|보낸이|од|送件人
"""
    ),
    "date": alternatives(
        r"""
date|sent|datum|gesendet|gesendet am|envoyé|envoyé le|enviado|enviado el|enviada em|enviado em|fecha
data|inviato|verzonden|verzonden op|dato|sendt|skickat|lähetetty|päivämäärä|päiväys|wysłano|wysłane
odesláno|dátum|elküldve|tarih|gönderilme tarihi|gönderildi|дата|отправлено|надіслано|відправлено
ημερομηνία|στάλθηκε|תאריך|נשלח|التاريخ|发送时间|发送日期|日期|寄件日期|日時|送信日時|날짜|보낸 날짜|trimis|poslano|poslato
odoslané|sendt den|ημ/νία αποστολής|ημ/νία|تم الإرسال|تاريخ الإرسال|تاريخ|傳送日期|傳送時間|日付|时间|時間|sent at|sent on|date sent|đã gửi|ngày|gửi|ส่ง|วันที่|изпратено|дата на изпращане|saadetud|kuupäev|išsiųsta|nosūtīts|datums|enviat|terkirim|tanggal|dikirim|отправлена|послано|poslané|elküldés dátuma|dátum|发送于|送信日|보낸시간|보낸 시간|data wysłania|gesendet um|versendet|fecha de envío|data d'enviament|tarihi|sendt dato|lähetyspäivä|odeslané|sent date|sends|تاریخ|दिनांक|послато|발신일|보낸 시각|작성일
"""
    ),
    "to": alternatives(
        r"""
to|an|à|a|para|aan|til|till|vastaanottaja|do|komu|címzett|kime|alıcı|кому|до|προς|אל|إلى|收件人|收件者|宛先
받는 사람|받는사람|destinataire|destinatario|dla|către|za|zu|for|đến|tới|ถึง|prima|primatelj|до|на|adressaat|kam|kepada|untuk|per a|per|받는이|수신|受信者|送信先|收信人|recipient|recipients|empfänger|til|mottaker|modtager|mottagare|kenelle|odbiorca|příjemce|príjemca|برای|به|प्रति|수신자|수신인|받은 사람|받은이|за
"""
    ),
    "subject": alternatives(
        r"""
subject|betreff|objet|asunto|assunto|oggetto|onderwerp|emne|ämne|aihe|temat|předmět|predmet|tárgy|konu
тема|θέμα|נושא|الموضوع|主题|主旨|件名|제목|subiect|sujet|re|risposta|zadeva|chủ đề|tiêu đề|เรื่อง|หัวเรื่อง|относно|teema|tēma|tema|perihal|subjek|asunto del mensaje|主題|標題|标题|タイトル|تنبيه|موضوع|विषय|efni|assumpte|betr|betrifft|antwort|обект
"""
    ),
    "cc": alternatives(
        r"""
cc|kopie|copie|copia|kopi|kopia|kopio|копия|копія|副本|抄送|참조|cc copia|reply-to|antwort an|répondre à
responder a|antwoord|rispondi a|másolatot kap|bilgi|category|importance|priority|attachments?|wichtigkeit|anlagen?|prioridad|importancia|importance|importanza|allegati|pièces jointes|urgence|密送|cc:|bcc|blind copy|copia para|kópia|másolat|kopija|κοιν|κοινοποίηση|עותק|نسخة|สำเนา|đồng kính gửi|copie à|c\.c\.|reply to|responder|антворт|mailed by|signed by|organization|organisation|in reply to|newsgroups
"""
    ),
}

# "Quoting Jane Doe <jane@shop.example>:"
QUOTING = alternatives(
    r"""
quoting|zitat von|zitiere|citando a|citando|citeren|citerar|citerer|citation de|cytowanie|cytując|cituji|citát
цитирование|цитирую|引用|lainaus|idézet|alıntı|παράθεση|ציטוט|اقتباس|인용|trích dẫn|citat fra|citat från|citat
mensaje citado por|message cité de|messaggio citato da|missatge de|mensagem de
"""
)

# What a person says of another mail, which announces nothing: "On Monday I wrote:".
PRONOUNS = alternatives(
    r"""
i|he|she|we|they|it|who|ich|er|wir|man|j'ai|il|elle|on|nous|ils|elles|yo|él|ella|nosotros|ellos|io|lui|lei
noi|loro|eu|ele|ela|nós|eles|ik|hij|zij|wij|jeg|jag|hun|han|hon|me|minä|hän|ja|on|ona|my|já|my|я|он|она|мы|они
"""
)

# A line that mailers of help desks set above what is answered.
REPLY_ABOVE = alternatives(
    r"""
reply above this line|(?:type|write|add|enter) your (?:reply|response|answer|comment)s? above|above this line to
oberhalb dieser (?:linie|zeile)|über dieser (?:linie|zeile)|au-dessus de cette ligne|encima de esta línea
acima desta linha|sopra questa (?:riga|linea)|boven deze (?:regel|lijn)|ovanför (?:den här|denna) (?:rad|linje)
over denne linj\w+|ovenfor denne linj\w+|tämän rivin yläpuolel|powyżej (?:tej )?lini|nad (?:tuto|tento|túto) ř?\w+
выше этой (?:строки|линии)|bu satırın üst|в горната част на този ред|此行上方|此行之上|この行より上|이 줄 위에|על שורה זו|fölé írja
"""
)

# What servers set above foreign mail, and lawyers below it.
BANNERS = alternatives(
    r"""
(?:this|the) (?:e-?mail|message|sender)\b.{0,40}\b(?:originat|sent|came|received)\w* (?:\w+ )?(?:from )?(?:an )?(?:outside|external)
external (?:e-?mail|sender|message)\b|you don't often get (?:e-?mail|email) from|caution: ?(?:(?:this|external) (?:e-?mail|mail|message|sender)|the sender)
diese (?:e-?mail|nachricht) (?:stammt|kommt|wurde) von (?:einem )?(?:extern|außerhalb)|achtung: ?(?:externe|diese e-?mail)
attention ?: ?(?:(?:ce |cet )?(?:message|courriel|e-?mail) )?.{0,12}externe? ?(?:$|[:.!])|sie erhalten nicht (?:oft|häufig) e-?mails? von
(?:attention|caution|warning|achtung|vorsicht|warnung|obs|advarsel|varning|precaución|atención|atenção|attenzione|let op|varoitus|uwaga|upozornění|upozornenie|внимание|увага|dikkat|figyelem|atenție|προσοχή|pozor)\W{1,4}(?=.{0,160}(?:mail|message|nachricht|mensaje|mensagem|messaggio|medde|mejl|melding|bericht|viesti|wiadomo|письм|сообщен|correo|courriel|posta|üzenet|mesaj|zpráv|správ|poruk|levél|μήνυμα))(?=.{0,160}(?:extern|ekstern|outside|außerhalb|fuera|fuori|fora d|buiten|ulkopuol|zewn|внешн|зовнішн|dışar|dışın|harici|külső|kívül|εξωτερικ|vanjsk)).{0,160}(?:sender|absender|avsändare|afsender|avsender|afzender|expéditeur|expediteur|remitente|remetente|mittente|lähettäj|nadawc|odes[ií]latel|odosiel|отправител|відправник|gönder|felad|αποστολ|pošiljatelj|organi[sz]|entreprise|empresa|azienda|firma|unternehm)
(?:注意|警告|【注意】|주의)\W{0,4}.{0,40}(?:外部|외부)|\[?(?:外部(?:邮件|郵件|メール)|외부 ?메일)\]?
vous n'obtenez pas souvent d'e-?mail|no suele recibir correos? electrónicos? de|let op: ?(?:deze|externe)
"""
)
DISCLAIMERS = alternatives(
    r"""
(?:this|the) (?:e-?mail|message|communication|electronic mail|transmission|information contained)\b.{0,120}\b(?:confidential|privileged|intended (?:only|solely|for)|proprietary)
(?:confidentiality|privileged|legal|important|disclaimer|e-?mail) (?:notice|note|disclaimer|statement|and confidential)\b
disclaimer ?:|confidential(?:ity)? ?:|privacy notice ?:|if you (?:are not|have received|received) (?:the|this|it) .{0,60}(?:recipient|error|mistake)
please consider the environment|think before you print|save (?:paper|trees)|virus-free\.|this email has been (?:checked|scanned)
diese e-?mail (?:und .{0,40})?(?:enthält|ist|kann) .{0,60}vertraulich|der inhalt dieser e-?mail|vertraulichkeitshinweis
diese e-?mail wurde von .{0,40}(?:viren|überprüft|geprüft)|bitte (?:denken|prüfen) sie .{0,40}umwelt|virenfrei\.
ce (?:message|courriel|mail|e-?mail)\b.{0,100}(?:confidentiel|destin)|avis de confidentialité|l'absence de virus|garanti sans virus
pensez à l'environnement|avant d'imprimer|este (?:mensaje|correo|e-?mail)\b.{0,120}(?:confidencial|destinatari)
aviso (?:legal|de confidencialidad|de confidencialidade)|esta mensagem\b.{0,100}confidencia|antes de imprimir
questo (?:messaggio|documento)\b.{0,100}(?:riservat|confidenzial|destinatari)|le informazioni contenute|prima di stampare
dit (?:bericht|e-?mail(?:bericht)?)\b.{0,100}(?:vertrouwelijk|bestemd)|de informatie (?:in|verzonden)|vrij van virussen
detta (?:meddelande|e-?post\w*)\b.{0,100}(?:konfidentiell|avsett)|denne (?:e-?post\w*|mail|e-?mail|meddelelse)\b.{0,100}fortrolig
tämä (?:viesti|sähköposti)\b.{0,100}luottamuksel|niniejsza (?:wiadomość|korespondencja)|treść tej wiadomości|wolne od wirusów
tato (?:zpráva|e-?mail)\b.{0,100}důvěrn|это (?:сообщение|письмо)\b.{0,100}конфиденциальн|настоящее (?:сообщение|электронное)
yasal uyarı ?:|конфиденциальность ?:|клаузула|bu e-?posta\b.{0,100}gizli|本邮件|本郵件|此邮件.{0,40}保密|このメール(?:には|は).{0,60}機密|本メール(?:は|に).{0,60}(?:機密|秘)
"""
)

# How such a paragraph may begin, where it goes on to say that it is confidential.
PERHAPS_DISCLAIMERS = alternatives(
    r"""
(?:the|any) (?:information|contents?|material)s? (?:in|of|contained in|transmitted (?:by|in|with)) this|(?:this|the) (?:e-?mail|message)(?: and| or|,| \()
(?:ta|niniejsza) (?:wiadomość|korespondencja)|(?:tämä|oheinen) (?:viesti|sähköposti)|ez az (?:e-?mail|üzenet)|acest (?:mesaj|e-?mail)
ova poruka|ова порука|това съобщение|το παρόν (?:μήνυμα|e-?mail)|(?:el contenido de )?este (?:mensaje|correo)|la información contenida en este
(?:o conteúdo d)?esta mensagem|as informações contidas nest|(?:le contenu de )?ce (?:message|courriel|mail)|il presente messaggio|il contenuto di quest
(?:der inhalt )?diese[rs]? (?:e-?mail|nachricht|mail|information)|denne (?:e-?post|e-?mail|mail)|detta (?:e-?post|mail|meddelande)|dit (?:e-?mail|bericht)
(?:это|данное|настоящее|это электронное) (?:сообщение|письмо)|информация, содержащаяся в|informacj[ae] zawart\w{1,3} w|treść niniejsz|zawartość (?:tej|niniejszej)
aan (?:dit|deze) (?:e-?mail)?(?:bericht|mail)|(?:detta|dette|denne) (?:mejl|mailet|epost\w{0,6})|tento (?:e-?mail|dokument)|táto správa|ця (?:інформація|електронна пошта)|šis (?:laiškas|e-?pasts)|käesolev
bu (?:e-?posta|mesaj|ileti)|이 (?:메일|이메일)은|본 메일은|此(?:电子)?邮件|本(?:电子)?邮件
"""
)
CONFIDENTIAL = alternatives(
    r"""
confiden[tcz]|privileged|intended (?:only|solely|for)|sole use|vertraulich|unbefugt|ausschließlich für|riservat|destinatari|destinataire exclusi
usage exclusi|strictement|sigilos|vertrouwelijk|uitsluitend (?:bestemd|bedoeld)|konfidenti|fortrolig|luottamuksel|poufn|bizalmas|povjerlj|поверљ|поверител
конфиденц|εμπιστευτικ|gizli|kişiye özel|기밀|보안|机密|保密|機密
"""
)

# "Best regards,"
CLOSINGS = alternatives(
    r"""
(?:with )?(?:kind|kindest|best|warm|warmest|many thanks and|thanks and|yours) ?(?:and )?(?:regards|wishes|best)?|regards|sincerely(?: yours)?
yours (?:sincerely|truly|faithfully)|cheers|(?:many )?thanks(?: again| in advance| so much)?|thank you|thx|br|kr
(?:mit )?(?:freundlichen?|besten?|lieben?|herzlichen?|viele|beste|liebe|schöne) (?:grüßen?|grüssen?|gruß|gruss)(?: aus \S+)?|mfg|lg|vg|gruß|gruss|grüße
(?:bien )?(?:cordialement|amicalement|sincèrement)(?: vôtre)?|bien à vous|(?:meilleures )?salutations(?: distinguées)?|cdlt|merci
(?:un )?(?:cordial(?:es)? )?saludos?(?: cordial(?:es)?)?|atentamente|gracias|muchas gracias|cordiali saluti|distinti saluti|saluti|grazie
atenciosamente|cumprimentos|com os melhores cumprimentos|abraços?|obrigad[oa]|(?:met )?(?:vriendelijke|hartelijke) groete?n?|groeten?|mvg
(?:med )?(?:vänliga?|venlige?|vennlig|bästa|bedste) (?:hälsning(?:ar)?|hilsen|hilsner)|mvh|vh|hilsen|ystävällisin terveisin|terveisin|t\.
pozdrawiam|z (?:poważaniem|powazaniem|wyrazami szacunku)|s pozdravem|s přáním .{2,30}|s úctou|üdvözlettel|üdv|tisztelettel
cu stimă|cu respect|saygılarımla|iyi çalışmalar|с уважением|с наилучшими пожеланиями|з повагою|с уважение|με εκτίμηση|בברכה|مع التحية|تحياتي
此致|祝好|よろしくお願い(?:いた|致)?します。?|敬具|감사합니다\.?|드림|trân trọng|lep pozdrav|s poštovanjem|pagarbiai|lugupidamisega|ar cieņu
"""
)

# "Sent from my iPhone"
SENT_FROM = alternatives(
    r"""
(?:this (?:message|e-?mail|mail) was )?sent (?:from|via|with|by|using|on) (?:my |a |an |the )?(?!here|there).{2,80}
from my \S.{1,40}|sent by .{2,40}|get \[?(?:outlook|the new .{3,20}|yahoo).{0,120}
.{2,60}outlook.{0,40}<https://aka\.ms/\w{1,20}>|outlook .{0,40}<https://aka\.ms/\w{1,20}>|(?:ios|android) ?(?:için|版|용|用|向け).{0,4}outlook.{0,30}|.{0,6} ?(?:ios|android) 版 outlook.{0,30}
von (?:yahoo|gmx|web\.de|aol|t-online|freenet|outlook|samsung|proton)\W?.{0,40} (?:aus )?gesendet
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
odesláno z .{2,60}|odesláno (?:ze|pomocí) .{2,60}|odoslané zo? .{2,60}|.{2,40} küldve|изпратено (?:от|с) .{2,60}|enviat des .{2,60}
ส่งจาก.{2,60}|dikirim (?:dari|melalui) .{2,60}|(?:أُ?رسلت|مُ?رسل|تم الإرسال|أرسل) من .{2,60}|来自(?:我的)?.{2,30}|來自(?:我的)?.{2,30}
发自.{2,40}|寄自.{2,40}|[从從] ?.{2,30}(?:发送|傳送|寄出)|.{2,40}から送信(?:されました|しました)?|išsiųsta iš .{2,60}|saadetud minu .{2,60}
nosūtīts no .{2,60}|von .{2,40}[ -](?:tablet|smartphone|handy|mobiltelefon|gerät) (?:gesendet|aus gesendet)|sent on the go|(?:sent )?via mobile
(?:get|sent from|sent with|sent via|sent using) (?:blue ?mail|type ?app|spark|superhuman|front|mailbird|newton|edison|canary|hey|missive|mailspring|airmail|polymail|boxer|nine|aqua ?mail|fairemail).{0,60}
envoyé (?:à partir d').{2,60}|\S{2,20}(?: \S{1,20}){0,4} outlook.{0,12} (?:ios|android|mac)(?:\W.{0,60})?|outlook (?:for|für|pour|para|per|voor|til|för|dla|pro) (?:ios|android|mac).{0,40}
(?:ios|android|windows) .{0,20}outlook.{0,30}|yahoo mail: search, organi[sz]e, conquer|yahoo mail: .{4,60}
"""
)

# What such a line must name, too.
DEVICES = alternatives(
    r"""
phone|iphon|ipad|ipod|mobil|on the go|bluemail|blue mail|typeapp|superhuman|front|newton|edison|canary|mailspring|missive|polymail|boxer|手机|大师|大師|android|samsung|galaxy|huawei|xiaomi|nokia|blackberry|windows|outlook|mail|tablet
handy|smartphone|pixel|htc|lg|sony|motorola|oneplus|device|gerät|mac|watch|airmail|spark|thunderbird
yahoo|gmx|web\.de|proton|aol|office|treo|palm|verizon|t-mobile|at&t|sprint|vodafone|k-9|k9|zimbra|ti-85
cell|alcatel|телефон|почт|устройств|iphone|手机|電話|アイ|폰|téléphone|teléfono|telefon|móvil|cellulare|toestel
app\b|dispositivo|appareil
"""
)
