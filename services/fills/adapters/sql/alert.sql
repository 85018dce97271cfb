select alert(%(account)s, %(detail)s, 'fills')
