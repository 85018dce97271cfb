select mark_swept(%(account)s, %(until)s, %(lease)s, %(epoch)s)
